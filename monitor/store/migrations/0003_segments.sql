-- Version 3: months are sealed into Parquet files.
-- `observation.sealed` is the segment that holds the row as well: the row is then its present form, and the segment's is
-- not read. `revised` counts all revisions of the store, so that a seal can tell what was judged again while it was written.

ALTER TABLE observation ADD COLUMN sealed INTEGER;
ALTER TABLE observation ADD COLUMN revised INTEGER;

CREATE INDEX observation_sealed ON observation (sealed) WHERE sealed IS NOT NULL;
CREATE INDEX observation_revised ON observation (revised) WHERE revised IS NOT NULL;

-- A segment is live until it is removed: replaced by a larger one, or past its time.

ALTER TABLE segment ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segment ADD COLUMN removed INTEGER;

-- `own` marks the canonical document of a measurement, which is found by the first half of its hash.

ALTER TABLE document ADD COLUMN own INTEGER NOT NULL DEFAULT 0;
UPDATE document SET own = 1 WHERE id IN (SELECT document FROM observation UNION SELECT document FROM finding);
CREATE INDEX document_pack ON document (pack);

-- Version 2: experiments, which are facts like any other measurement but no visits, and what they add to a cell.

CREATE TABLE finding (
    seq         INTEGER PRIMARY KEY,
    measurement BLOB NOT NULL UNIQUE,
    kind        INTEGER NOT NULL,
    time        INTEGER NOT NULL,
    target      INTEGER NOT NULL,
    url         INTEGER NOT NULL,
    vantage     INTEGER NOT NULL,
    country     INTEGER NOT NULL,
    network     INTEGER NOT NULL,
    role        INTEGER NOT NULL,
    rule_id     INTEGER NOT NULL,
    why         INTEGER NOT NULL,
    bearing     INTEGER NOT NULL,
    technique   INTEGER,
    layer       INTEGER,
    locus       INTEGER NOT NULL,
    simulated   INTEGER NOT NULL,
    ruleset     INTEGER NOT NULL,
    document    INTEGER NOT NULL
) STRICT;

CREATE INDEX finding_time ON finding (time);
CREATE INDEX finding_target ON finding (target, time);
CREATE INDEX finding_vantage ON finding (vantage, time);

ALTER TABLE cell ADD COLUMN decisive INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cell ADD COLUMN exonerating INTEGER NOT NULL DEFAULT 0;

-- Version 1 of the embedded store. A migration that was released is never edited: its checksum is kept and compared.
-- Times are microseconds since 1970 in UTC, hours and days are counted since 1970, text that repeats is an id in `symbol`.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE symbol (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- Raw documents: where in which pack file. `bytes` is the acknowledged length of a pack; what follows it was never promised.

CREATE TABLE pack (
    id    INTEGER PRIMARY KEY,
    bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE document (
    id     INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    pack   INTEGER NOT NULL,
    start  INTEGER NOT NULL,
    length INTEGER NOT NULL,
    size   INTEGER NOT NULL
) STRICT;

-- The hot tail: one row per measurement, in the order of arrival (`seq`), with its verdict.

CREATE TABLE observation (
    seq                INTEGER PRIMARY KEY,
    measurement        BLOB NOT NULL UNIQUE,
    time               INTEGER NOT NULL,
    target             INTEGER NOT NULL,
    url                INTEGER NOT NULL,
    vantage            INTEGER NOT NULL,
    country            INTEGER NOT NULL,
    network            INTEGER NOT NULL,
    role               INTEGER NOT NULL,
    innocuous          INTEGER NOT NULL,
    state              INTEGER NOT NULL,
    rule_id            INTEGER NOT NULL,
    layer              INTEGER,
    technique          INTEGER,
    locus              INTEGER NOT NULL,
    evidence           INTEGER NOT NULL,
    failure            INTEGER,
    controls_agree     INTEGER NOT NULL,
    controls_total     INTEGER NOT NULL,
    ruleset            INTEGER NOT NULL,
    also               TEXT NOT NULL,
    dns                REAL,
    tcp                REAL,
    tls                REAL,
    first_byte         REAL,
    total              REAL,
    status             INTEGER,
    certificate_expiry INTEGER,
    protocol           INTEGER NOT NULL,
    tls_version        INTEGER NOT NULL,
    body_length        INTEGER,
    redirects          INTEGER NOT NULL,
    simulated          INTEGER NOT NULL,
    vantage_kind       INTEGER NOT NULL,
    document           INTEGER NOT NULL,
    original           INTEGER
) STRICT;

CREATE INDEX observation_time ON observation (time);
CREATE INDEX observation_target ON observation (target, time);
CREATE INDEX observation_url ON observation (url, time);
CREATE INDEX observation_vantage ON observation (vantage, time);
CREATE INDEX observation_run ON observation (target, url, vantage, state, time);

-- Kept in step with `observation` in the same transaction.

CREATE TABLE latest (
    target  INTEGER NOT NULL,
    url     INTEGER NOT NULL,
    vantage INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    time    INTEGER NOT NULL,
    state   INTEGER NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (target, url, vantage)
) STRICT, WITHOUT ROWID;

CREATE TABLE hourly (
    target       INTEGER NOT NULL,
    hour         INTEGER NOT NULL,
    vantage      INTEGER NOT NULL,
    country      INTEGER NOT NULL,
    network      INTEGER NOT NULL,
    role         INTEGER NOT NULL,
    innocuous    INTEGER NOT NULL,
    ok           INTEGER NOT NULL,
    down         INTEGER NOT NULL,
    blocked      INTEGER NOT NULL,
    insufficient INTEGER NOT NULL,
    timed        INTEGER NOT NULL,
    total        INTEGER NOT NULL,
    PRIMARY KEY (target, hour, vantage, country, network, role, innocuous)
) STRICT, WITHOUT ROWID;

CREATE TABLE daily (
    target       INTEGER NOT NULL,
    day          INTEGER NOT NULL,
    vantage      INTEGER NOT NULL,
    country      INTEGER NOT NULL,
    network      INTEGER NOT NULL,
    role         INTEGER NOT NULL,
    innocuous    INTEGER NOT NULL,
    ok           INTEGER NOT NULL,
    down         INTEGER NOT NULL,
    blocked      INTEGER NOT NULL,
    insufficient INTEGER NOT NULL,
    timed        INTEGER NOT NULL,
    total        INTEGER NOT NULL,
    PRIMARY KEY (target, day, vantage, country, network, role, innocuous)
) STRICT, WITHOUT ROWID;

CREATE INDEX daily_day ON daily (day);

-- Series that came in already scored. `digest` is the hash of the whole cell: the same cell is kept once.

CREATE TABLE cell (
    id             INTEGER PRIMARY KEY,
    digest         BLOB NOT NULL UNIQUE,
    target         INTEGER NOT NULL,
    country        INTEGER NOT NULL,
    network        INTEGER NOT NULL,
    vantage        INTEGER NOT NULL,
    start          INTEGER NOT NULL,
    "end"          INTEGER NOT NULL,
    ok             INTEGER NOT NULL,
    down           INTEGER NOT NULL,
    blocked        INTEGER NOT NULL,
    insufficient   INTEGER NOT NULL,
    role           INTEGER NOT NULL,
    innocuous      INTEGER NOT NULL,
    pooled         INTEGER NOT NULL,
    layer          INTEGER,
    technique      INTEGER,
    locus          INTEGER NOT NULL,
    evidence       INTEGER NOT NULL,
    controls_agree INTEGER NOT NULL,
    controls_total INTEGER NOT NULL,
    witnesses      TEXT NOT NULL,
    simulated      INTEGER NOT NULL,
    source         INTEGER NOT NULL
) STRICT;

CREATE INDEX cell_start ON cell (start);
CREATE INDEX cell_target ON cell (target, start);

-- Events: `event` points at the newest revision, `event_revision` only grows.

CREATE TABLE event (
    id       TEXT PRIMARY KEY,
    target   INTEGER NOT NULL,
    country  INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    onset    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE event_revision (
    event    TEXT NOT NULL,
    revision INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (event, revision)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER event_revision_stays BEFORE UPDATE ON event_revision
BEGIN SELECT RAISE(ABORT, 'revisions of events are never changed'); END;

CREATE TRIGGER event_revision_remains BEFORE DELETE ON event_revision
BEGIN SELECT RAISE(ABORT, 'revisions of events are never removed'); END;

CREATE TABLE health (
    vantage   INTEGER PRIMARY KEY,
    country   INTEGER NOT NULL,
    network   INTEGER NOT NULL,
    role      INTEGER NOT NULL,
    health    INTEGER NOT NULL,
    why       TEXT NOT NULL,
    last_seen INTEGER,
    simulated INTEGER NOT NULL
) STRICT;

-- Sealed months: which file holds which rows. `replaced_by` is the id of the segment that took its place.

CREATE TABLE segment (
    id             INTEGER PRIMARY KEY,
    path           TEXT NOT NULL UNIQUE,
    kind           TEXT NOT NULL,
    month          TEXT NOT NULL,
    min_seq        INTEGER NOT NULL,
    max_seq        INTEGER NOT NULL,
    min_time       INTEGER NOT NULL,
    max_time       INTEGER NOT NULL,
    rows           INTEGER NOT NULL,
    sha256         BLOB NOT NULL,
    schema_version INTEGER NOT NULL,
    replaced_by    INTEGER
) STRICT;

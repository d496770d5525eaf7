-- Version 1 of the store on PostgreSQL. A migration that was released is never edited: its checksum is kept and compared.
-- Times are microseconds since 1970 in UTC. Columns have the names of the fields that they hold.

CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);

CREATE TABLE document (
    sha256 bytea PRIMARY KEY,
    record bytea NOT NULL
);

ALTER TABLE document ALTER COLUMN record SET STORAGE EXTERNAL;

CREATE TABLE observation (
    seq                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    measurement        text NOT NULL UNIQUE,
    time               bigint NOT NULL,
    target             text NOT NULL,
    url                text NOT NULL,
    vantage            text NOT NULL,
    country            text NOT NULL,
    network            text NOT NULL,
    role               text NOT NULL,
    innocuous          smallint NOT NULL,
    state              text NOT NULL,
    rule_id            text NOT NULL,
    layer              text,
    technique          text,
    locus              text NOT NULL,
    evidence           text NOT NULL,
    failure            text,
    controls_agree     bigint NOT NULL,
    controls_total     bigint NOT NULL,
    ruleset            text NOT NULL,
    also               text NOT NULL,
    dns                double precision,
    tcp                double precision,
    tls                double precision,
    first_byte         double precision,
    total              double precision,
    status             bigint,
    certificate_expiry bigint,
    protocol           text NOT NULL,
    tls_version        text NOT NULL,
    body_length        bigint,
    redirects          bigint NOT NULL,
    simulated          smallint NOT NULL,
    vantage_kind       text NOT NULL,
    document           bytea NOT NULL,
    original           bytea
);

CREATE INDEX observation_time ON observation (time, seq);

CREATE INDEX observation_target ON observation (target, time, seq);

CREATE INDEX observation_url ON observation (url, time, seq);

CREATE INDEX observation_vantage ON observation (vantage, time, seq);

CREATE INDEX observation_run ON observation (target, url, vantage, state, time, seq);

CREATE TABLE latest (
    target  text NOT NULL,
    url     text NOT NULL,
    vantage text NOT NULL,
    seq     bigint NOT NULL,
    time    bigint NOT NULL,
    state   text NOT NULL,
    since   bigint NOT NULL,
    PRIMARY KEY (target, url, vantage)
) WITH (fillfactor = 60);

CREATE TABLE hourly (
    target       text NOT NULL,
    time         bigint NOT NULL,
    vantage      text NOT NULL,
    country      text NOT NULL,
    network      text NOT NULL,
    role         text NOT NULL,
    innocuous    smallint NOT NULL,
    ok           bigint NOT NULL,
    down         bigint NOT NULL,
    blocked      bigint NOT NULL,
    insufficient bigint NOT NULL,
    timed        bigint NOT NULL,
    total        bigint NOT NULL,
    PRIMARY KEY (target, time, vantage, country, network, role, innocuous)
) WITH (fillfactor = 70);

CREATE TABLE daily (LIKE hourly INCLUDING ALL);

CREATE INDEX daily_time ON daily (time);

CREATE TABLE cell (
    seq            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest         text NOT NULL UNIQUE,
    target         text NOT NULL,
    country        text NOT NULL,
    network        text NOT NULL,
    vantage        text NOT NULL,
    start          bigint NOT NULL,
    "end"          bigint NOT NULL,
    ok             bigint NOT NULL,
    down           bigint NOT NULL,
    blocked        bigint NOT NULL,
    insufficient   bigint NOT NULL,
    role           text NOT NULL,
    innocuous      smallint NOT NULL,
    pooled         smallint NOT NULL,
    layer          text,
    technique      text,
    locus          text NOT NULL,
    evidence       text NOT NULL,
    controls_agree bigint NOT NULL,
    controls_total bigint NOT NULL,
    witnesses      text NOT NULL,
    simulated      smallint NOT NULL,
    source         text NOT NULL,
    decisive       bigint NOT NULL,
    exonerating    bigint NOT NULL
);

CREATE INDEX cell_start ON cell (start, seq);

CREATE INDEX cell_target ON cell (target, start, seq);

CREATE TABLE finding (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    measurement text NOT NULL UNIQUE,
    kind        text NOT NULL,
    time        bigint NOT NULL,
    target      text NOT NULL,
    url         text NOT NULL,
    vantage     text NOT NULL,
    country     text NOT NULL,
    network     text NOT NULL,
    role        text NOT NULL,
    rule_id     text NOT NULL,
    why         text NOT NULL,
    bearing     text NOT NULL,
    technique   text,
    layer       text,
    locus       text NOT NULL,
    simulated   smallint NOT NULL,
    ruleset     text NOT NULL,
    document    bytea NOT NULL
);

CREATE INDEX finding_time ON finding (time, seq);

CREATE INDEX finding_target ON finding (target, time, seq);

CREATE INDEX finding_vantage ON finding (vantage, time, seq);

CREATE TABLE event (
    id       text PRIMARY KEY,
    target   text NOT NULL,
    country  text NOT NULL,
    revision bigint NOT NULL,
    onset    bigint NOT NULL
);

CREATE TABLE event_revision (
    event    text NOT NULL,
    revision bigint NOT NULL,
    recorded bigint NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (event, revision)
);

CREATE FUNCTION event_revision_stays() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'revisions of events are never changed or removed'; END$$;

CREATE TRIGGER event_revision_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON event_revision
FOR EACH STATEMENT EXECUTE FUNCTION event_revision_stays();

CREATE TABLE health (
    vantage   text PRIMARY KEY,
    country   text NOT NULL,
    network   text NOT NULL,
    role      text NOT NULL,
    health    text NOT NULL,
    why       text NOT NULL,
    last_seen bigint,
    simulated smallint NOT NULL
);

-- Version 6: hours of a target over all vantage points, kept in step with `observation` like `hourly`: a year of one target is
-- then some thousand rows, however many vantage points there are.

CREATE TABLE hourly_target (
    target       INTEGER NOT NULL,
    hour         INTEGER NOT NULL,
    role         INTEGER NOT NULL,
    innocuous    INTEGER NOT NULL,
    ok           INTEGER NOT NULL,
    down         INTEGER NOT NULL,
    blocked      INTEGER NOT NULL,
    insufficient INTEGER NOT NULL,
    timed        INTEGER NOT NULL,
    total        INTEGER NOT NULL,
    PRIMARY KEY (target, hour, role, innocuous)
) STRICT, WITHOUT ROWID;

INSERT INTO hourly_target
SELECT target, hour, role, innocuous, sum(ok), sum(down), sum(blocked), sum(insufficient), sum(timed), sum(total)
FROM hourly GROUP BY target, hour, role, innocuous;

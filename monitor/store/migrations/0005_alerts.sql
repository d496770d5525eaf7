-- Version 5: the outbox of alerts, in the order in which they were planned (`seq`), and what people said of them.

CREATE TABLE delivery (
    seq       INTEGER PRIMARY KEY,
    key       TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    fate      TEXT NOT NULL,
    created   INTEGER NOT NULL,
    document  TEXT NOT NULL
) STRICT;

CREATE INDEX delivery_fate ON delivery (fate, seq);
CREATE INDEX delivery_recipient ON delivery (recipient, seq);

CREATE TABLE saying (
    seq      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL
) STRICT;

-- Version 3: the outbox of alerts, in the order in which they were planned (`seq`), and what people said of them.

CREATE TABLE delivery (
    seq       bigserial PRIMARY KEY,
    key       text NOT NULL UNIQUE,
    recipient text NOT NULL,
    fate      text NOT NULL,
    created   bigint NOT NULL,
    document  text NOT NULL
);

CREATE INDEX delivery_fate ON delivery (fate, seq);

CREATE INDEX delivery_recipient ON delivery (recipient, seq);

CREATE TABLE saying (
    seq      bigserial PRIMARY KEY,
    id       text NOT NULL UNIQUE,
    document text NOT NULL
);

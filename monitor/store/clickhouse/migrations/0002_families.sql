-- Version 2: what a measurement says of the site's IPv4 and IPv6 addresses apart; NULL where none was dialled, or where
-- it was judged before anybody told them apart. The new view is there before the old one goes, so that no row is missed:
-- both write the same row, and the same row twice is one.

ALTER TABLE {database}.observation{local}{everywhere} ADD COLUMN ipv4 {word_or_null};

ALTER TABLE {database}.observation{local}{everywhere} ADD COLUMN ipv6 {word_or_null};

ALTER TABLE {database}.latest{local}{everywhere} ADD COLUMN ipv4 {word_or_null};

ALTER TABLE {database}.latest{local}{everywhere} ADD COLUMN ipv6 {word_or_null};

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.latest_feed_2{local}{everywhere} TO {database}.latest{local} AS
SELECT day, time, seq, toUInt64(time + 4611686018427387904) AS revision, measurement, target, url, vantage, country,
    network, role, innocuous, state, rule_id, layer, technique, locus, evidence, failure, controls_agree, controls_total,
    ruleset, also, ipv4, ipv6, dns, tcp, tls, first_byte, total, status, certificate_expiry, protocol, tls_version,
    body_length, redirects, simulated, vantage_kind, document, original
FROM {database}.observation{local};

DROP TABLE IF EXISTS {database}.latest_feed{local}{everywhere};

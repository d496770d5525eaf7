-- Version 4: what a measurement says of the site's IPv4 and IPv6 addresses apart; NULL where none was dialled, or where
-- it was judged before anybody told them apart.

ALTER TABLE observation ADD COLUMN ipv4 INTEGER;
ALTER TABLE observation ADD COLUMN ipv6 INTEGER;

"""Fields that came after documents had been hashed: old documents keep their ids, new facts are kept."""

from __future__ import annotations

from dataclasses import Field, fields, is_dataclass, replace
from typing import Any

import pytest

import probes.model
from probes.document import document, measurement_from, measurement_id
from probes.model import (
    Answer,
    Body,
    Datagram,
    DNSLookup,
    DNSSECValidation,
    HTTPRoundTrip,
    Measurement,
    Origin,
    Purpose,
    QUICHandshake,
    Screened,
    TCPConnect,
    TCPInfo,
    TLSHandshake,
    TTLTrial,
)
from tests.scenes import measured

_INFO = TCPInfo(rtt=40_000, min_rtt=39_000, retransmits=1, bytes_acked=518, bytes_received=0)
_ANSWER = Answer(type="A", value="93.184.216.34", ttl=60)
_DATAGRAM = Datagram(arrived=0.01, ip_ttl=61, rcode=0, answers=(_ANSWER,), edns=True)
_BODY = Body(length=5, sha256="a" * 64, title="Клооп", truncated=True, kept=b"\x00page")
OLD = replace(
    measured(
        DNSLookup(
            hop=0,
            engine="udp",
            resolver="9.9.9.9:53",
            name="kloop.kg",
            query_type="A",
            started=0.0,
            duration=0.012,
            rcode=0,
            answers=(_ANSWER,),
            datagrams=(_DATAGRAM,),
        ),
        Screened(hop=0, address="127.0.0.1", port=443, reason="loopback", started=0.02),
        TCPConnect(hop=0, address="93.184.216.34", port=443, started=0.02, duration=0.04, tcp_info=_INFO),
        TLSHandshake(
            hop=0,
            address="93.184.216.34",
            port=443,
            server_name="kloop.kg",
            started=0.06,
            duration=0.1,
            failure="ssl_unknown_authority",
            reason="self-signed certificate",
            version="TLSv1.3",
            chain=(b"\x30\x00",),
            bytes_sent=518,
            tcp_info=_INFO,
        ),
        HTTPRoundTrip(
            hop=1,
            url="http://kloop.kg/",
            address="93.184.216.34",
            port=80,
            started=0.2,
            duration=0.3,
            status=200,
            headers=(("Date", "now"),),
            body=_BODY,
            first_byte=0.1,
        ),
    ),
    origin=Origin(source="ooni", uid="1", document="b" * 64, licence="CC BY-NC-SA 4.0"),
)
"""One of each record that was stored before any field came later."""
OLD_ID = "e1b7034e46973bf7d05f595937aa11bd"
"""What the code of that time (c007f37) made of it."""
NEWER = (
    TTLTrial(hop=0, method="syn", name="", address="93.184.216.34", port=443, ttl=3, started=0.0, duration=0.1),
    QUICHandshake(hop=0, address="93.184.216.34", port=443, server_name="kloop.kg", started=0.0, duration=0.1),
    DNSSECValidation(hop=0, engine="udp", resolver="", name="kloop.kg", query_type="A", started=0.0, duration=0.1),
)
"""Records that came as a whole; their own later fields are held to the same."""

LATER = [
    pytest.param(record, each, id=f"{record.__name__}.{each.name}")
    for record in vars(probes.model).values()
    if isinstance(record, type) and is_dataclass(record)
    for each in fields(record)
    if each.metadata.get("omitted") == "default"
]
TOLD: dict[str, Any] = {
    "purpose": Purpose.TRIGGER_AT_ECHO,
    "flags": 0x8180,
    "edns_payload": 1232,
    "edns_options": (10, 15),
    "icmp": (3, 13),
    "router": "185.2.3.4",
    "simhash": "0123456789abcdef",
    "language": "ky",
    "arrivals": ((0.1, 1400), (0.2, 2800)),
    "lag": 0.25,
}
"""A word for each later field, as a probe may write it."""


def test_what_was_stored_before_keeps_its_id() -> None:
    """A measurement of which every record was made before has the id that it was stored under."""
    assert measurement_id(OLD) == OLD_ID
    assert measurement_from(document(OLD)) == OLD


@pytest.mark.parametrize(("record", "later"), LATER)
def test_what_a_later_field_says_is_kept_and_hashed(record: type[Any], later: Field[Any]) -> None:
    """At its default it is nowhere in the document; anything else survives the way through JSON, and changes the id."""
    plain = _example(record)
    telling = replace(plain, **{later.name: TOLD[later.name]})
    assert later.name not in document(plain)
    assert document(telling)[later.name] == document(TOLD[later.name])
    before, after = _within(plain), _within(telling)
    assert measurement_from(document(after)) == after
    assert measurement_id(before) != measurement_id(after)


def _example(record: type[Any]) -> Any:
    """A record of that type in which no later field says anything."""
    known = (OLD, *OLD.steps, _DATAGRAM, _BODY, *NEWER)
    return next(example for example in known if type(example) is record)


def _within(record: Any) -> Measurement:
    """A measurement that holds it."""
    lookup, *_, trip = OLD.steps
    match record:
        case Measurement():
            return record
        case Datagram():
            return measured(replace(lookup, datagrams=(record,)))
        case Body():
            return measured(replace(trip, body=record))
    return measured(record)

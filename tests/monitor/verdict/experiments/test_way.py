"""From fates by router to where they part."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.model import Locus
from monitor.verdict.experiments import Fate, read_hop
from probes.model import Measurement, Purpose, TTLTrial, VantagePoint

FAILURES = {
    "e": "host_unreachable",
    ".": "generic_timeout_error",
    "r": "connection_reset",
    "a": None,
    "c": "eof_error",
    "u": "network_unreachable",
}
"""Expired, silent, reset, answered, closed, unreachable; one letter per number of hops, a blank where none was sent."""
TARGET, SITE = "93.184.216.34", "104.154.89.105"


def trials(method: str, purpose: Purpose, fates: str, address: str = TARGET) -> list[TTLTrial]:
    return [
        TTLTrial(
            hop=0,
            method=method,
            name="x",
            address=address,
            port=443,
            ttl=hops,
            started=0.0,
            duration=0.0,
            failure=FAILURES[fate],
            icmp=(11, 0) if fate == "e" and method in ("syn", "dns") else None,
            router=f"198.18.0.{hops}" if fate == "e" and method == "syn" and hops > 1 else "",
            purpose=purpose,
        )
        for hops, fate in enumerate(fates, start=1)
        if fate != " "
    ]


def measurement(*steps: TTLTrial) -> Measurement:
    return Measurement(
        kind="hop",
        kind_version="0",
        target="t",
        url="https://kloop.test/",
        vantage=VantagePoint(id="v"),
        started=datetime(2026, 1, 1, tzinfo=UTC),
        duration=1.0,
        steps=steps,
    )


def names(method: str, trigger: str, innocuous: str) -> list[TTLTrial]:
    return trials(method, Purpose.INNOCUOUS_AT_TARGET, innocuous) + trials(method, Purpose.TRIGGER_AT_TARGET, trigger)


@pytest.mark.parametrize(
    ("ways", "place", "technique", "decisive"),
    [
        (("errr", "eeea"), (2, 2), "tls.reset.sni", True),
        (("e...", "eeea"), (2, 2), "tls.timeout.sni", True),
        (("ecc ", "eeea"), (2, 2), "tls.eof.sni", True),
        (("eaaa", "eeea"), (2, 2), "tls", True),
        (("ee..", "eeea"), (3, 3), "tls.timeout.sni", False),
        (("e...", "e.ea"), (3, 2), "tls.timeout.sni", False),
        (("e.rr", "e.ea"), (3, 3), "tls.reset.sni", True),
        (("....", "...a"), (None, None), None, False),
        (("..rr", "...a"), (3, 3), "tls.reset.sni", True),
        (("eeea", "eeea"), (None, None), None, False),
        (("e.ea", "eeea"), (None, None), None, False),
        (("eeer", "eeea"), (None, None), None, False),
    ],
)
def test_where_names_part(ways, place, technique, decisive) -> None:
    """Mute routers widen the place, a lost packet moves nothing, and what only the server shows is not the way's."""
    found = read_hop(measurement(*names("tls", *ways)))
    parting = next((one for one in found.partings if one.differing), None)
    assert (parting.hops if parting else None, parting.earliest if parting else None) == place
    assert (found.reading.technique, found.reading.decisive) == (technique, decisive)
    assert (found.reading.locus is Locus.NETWORK) is decisive
    assert (found.reading.rule_id == "hop.parted") is (place != (None, None))


@pytest.mark.parametrize(
    ("trigger", "site", "rule"),
    [
        ("e......", "eeea", "parted"),
        ("eeeeea", "eeea", "together"),
        ("eea", "eeea", "together"),
        ("eeu", "eeea", "parted"),
    ],
)
def test_where_addresses_part(trigger, site, rule) -> None:
    """Another distance is no difference; an address that vanishes is one, but never decisive: it is another way."""
    steps = trials("syn", Purpose.SITE, site, SITE) + trials("syn", Purpose.TRIGGER_AT_TARGET, trigger)
    found = read_hop(measurement(*steps))
    assert (found.reading.rule_id, found.reading.decisive) == (f"hop.{rule}", False)
    assert found.routers[2] == "198.18.0.2"


def test_the_router_is_named_in_words() -> None:
    """The SYNs tell how the router calls itself at which the names part."""
    steps = (
        *trials("syn", Purpose.SITE, "eeea", SITE),
        *trials("syn", Purpose.TRIGGER_AT_TARGET, "eeea"),
        *names("tls", "errr", "eeea"),
    )
    found = read_hop(measurement(*steps))
    assert "at router 2 (198.18.0.2)" in found.reading.why
    assert found.partings[0].router == "198.18.0.2"
    assert {measurement(*steps).steps[number].method for number in found.reading.steps} == {"tls"}


def test_a_name_says_more_than_an_address() -> None:
    """Where several kinds of message part, the reading is of the one that shows a name; all are listed."""
    steps = (*names("http", "e...", "eeea"), *names("tls", "errr", "eeea"))
    found = read_hop(measurement(*steps))
    assert [one.method for one in found.partings] == ["tls", "http"]
    assert found.reading.technique == "tls.reset.sni"


def test_of_two_tries_the_one_that_was_answered_counts() -> None:
    """A router that was silent once and spoke once spoke."""
    found = read_hop(measurement(*names("tls", "e..a", "eeea"), *names("tls", " ee ", "    ")))
    assert found.reading.rule_id == "hop.together"


def test_questions() -> None:
    """An answer from before the resolver is forged; a question that nobody else answers is compared with nothing."""
    before = trials("dns", Purpose.BEFORE, "eeea", "9.9.9.9")
    found = read_hop(measurement(*before, *trials("dns", Purpose.VISIT, "eaaa", "9.9.9.9")))
    assert (found.partings[0].trigger, found.reading.technique) == (Fate.ANSWERED, "dns.injection")
    assert read_hop(measurement()).reading.rule_id == "hop.unclear"


def test_what_only_the_server_shows_is_told_as_the_servers() -> None:
    """Both names come as far at every router, and the server resets one: `hop.at_the_end`, no technique of the way."""
    reading = read_hop(measurement(*names("tls", "eeer", "eeea"))).reading

    assert (reading.rule_id, reading.technique, reading.locus) == ("hop.at_the_end", None, Locus.UNKNOWN)

"""Whether a place can be believed, read from what it shows of itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from monitor.verdict.experiments import read_resolver_health, read_vantage_health
from monitor.verdict.experiments.place import clock_offset
from probes.kinds import resolver_health, vantage_health
from probes.model import HTTPRoundTrip, Purpose
from probes.testing import (
    NXDOMAIN,
    AddressBlock,
    DNSForgery,
    HostBlock,
    Interception,
    Outage,
    Response,
    Route,
    Site,
    SNIBlock,
    block_page,
    block_redirect,
)
from tests.echo_lab import AT_INNOCUOUS, INNOCUOUS, echo_lab
from tests.scenes import NOON, measured

MUSEUM, ZOO = "museum.test", "zoo.test"
SIX = "2a02:26f0::1"
ALL = ("*",)


def others(**fields) -> tuple[Site, ...]:
    return (
        Site(names=(MUSEUM,), addresses=("104.154.90.1", SIX), **fields),
        Site(names=(ZOO,), addresses=("104.154.91.1",), **fields),
    )


NAMES = (INNOCUOUS, MUSEUM, ZOO)


@pytest.mark.parametrize(
    ("rules", "rule_id", "working", "captive"),
    [
        ((), "healthy", 3, False),
        ((AddressBlock(address=AT_INNOCUOUS),), "healthy", 2, False),
        ((SNIBlock(names=(INNOCUOUS, ZOO), action="reset"),), "sick", 1, False),
        ((SNIBlock(names=ALL, action="reset"),), "sick", 0, False),
        ((SNIBlock(names=ALL, action=Interception()),), "intercepted", 0, False),
        ((HostBlock(names=ALL, action=block_redirect("http://login.test/")),), "captive", 3, True),
        ((HostBlock(names=ALL, action=block_page(b"log in first")),), "captive", 3, True),
        ((DNSForgery(names=ALL, rcode=NXDOMAIN),), "sick", 0, False),
        ((Outage(),), "offline", 0, None),
        ((Outage(how="unreachable"),), "offline", 0, None),
    ],
)
async def test_places(rules, rule_id, working, captive) -> None:
    """A place where most innocuous sites answer is healthy; every way of not being so has its own word."""
    async with echo_lab(others=others()) as lab:
        reading = read_vantage_health(await lab.measure(vantage_health, *rules, innocuous_names=NAMES))
    assert reading.rule_id == f"vantage_health.{rule_id}"
    assert (reading.sites, reading.working, reading.captive) == (3, working, captive)
    assert reading.healthy is (rule_id == "healthy")


@pytest.mark.parametrize(
    ("rules", "captive"),
    [
        ((), False),
        ((HostBlock(names=ALL, action=block_redirect("http://login.test/")),), True),
        ((HostBlock(names=ALL, action=block_redirect(f"https://www.{INNOCUOUS}/")),), False),
        ((HostBlock(names=ALL, action=block_page(b"", status="511 Network Authentication Required")),), True),
    ],
)
async def test_a_portal_without_an_echo_host(rules, captive) -> None:
    """A redirect to somebody else, or a demand for a login, gives it away; the site's own redirect does not."""
    async with echo_lab() as lab:
        assert read_vantage_health(await lab.measure(vantage_health, *rules, echo=None)).captive is captive


@pytest.mark.parametrize(("behind", "rule_id"), [(0, "healthy"), (240, "healthy"), (3600, "clock"), (-3600, "clock")])
async def test_a_wrong_clock(behind, rule_id) -> None:
    """The median of the sites' dates tells how far the clock is off; minutes are no harm, an hour is."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=behind), usegmt=True)
    route = Route(response=Response(headers=(("Date", date),), body=b"x"))
    async with echo_lab(others=others(routes=(route,))) as lab:
        reading = read_vantage_health(await lab.measure(vantage_health, innocuous_names=NAMES))
    assert reading.rule_id == f"vantage_health.{rule_id}"
    assert reading.clock_offset == pytest.approx(behind, abs=60)


def trip(**headers: str) -> HTTPRoundTrip:
    return HTTPRoundTrip(
        hop=0,
        url="https://library.test/",
        address="192.0.2.1",
        port=443,
        started=2.0,
        duration=1.0,
        first_byte=0.5,
        status=200,
        headers=tuple(headers.items()),
        purpose=Purpose.SITE,
    )


@pytest.mark.parametrize(
    ("headers", "offset"),
    [
        ({"Date": format_datetime(NOON + timedelta(seconds=2), usegmt=True)}, 0.0),
        ({"date": format_datetime(NOON - timedelta(seconds=98), usegmt=True), "age": "100"}, 0.0),
        ({"Date": "yesterday"}, None),
        ({"Date": "Tue, 12 Sep 2023 12:00:02 GMT", "Age": "soon"}, None),
        ({"Date": "Tue, 12 Sep 99999 12:00:02 GMT"}, None),
        ({"Date": "Tue, 12 Sep 2023 12:00:02 GMT", "Age": "9" * 30}, None),
        ({}, None),
    ],
)
def test_dates(headers, offset) -> None:
    """A cached answer's age is added; a date that is none tells nothing."""
    assert clock_offset(measured(trip(**headers))) == offset


async def test_ipv6_and_dns64() -> None:
    """A site's IPv6 address is tried where there is one; one of a name that has none is made up on the way."""
    dns64 = {"ipv4only.arpa": ("64:ff9b::c000:aa",)}
    async with echo_lab(others=others(), records=dns64) as lab:
        plain = read_vantage_health(await lab.measure(vantage_health, innocuous_names=(INNOCUOUS,)))
        both = read_vantage_health(await lab.measure(vantage_health, innocuous_names=NAMES))
        broken = read_vantage_health(
            await lab.measure(vantage_health, AddressBlock(address=SIX), innocuous_names=NAMES)
        )
    assert (plain.ipv6, both.ipv6, broken.ipv6) == (None, True, False)
    assert (plain.dns64, broken.rule_id) == (True, "vantage_health.healthy")
    async with echo_lab(records={"ipv4only.arpa": ("192.0.0.170",)}) as lab:
        assert read_vantage_health(await lab.measure(vantage_health)).dns64 is False


def test_a_measurement_of_nothing() -> None:
    """No steps at all is a place where nobody answered."""
    assert read_vantage_health(measured()).rule_id == "vantage_health.offline"
    assert read_resolver_health(measured()) == ()


@pytest.mark.parametrize(
    ("rules", "rule_id"),
    [
        ((), "healthy"),
        ((DNSForgery(names=ALL, rcode=2),), "dead"),
        ((DNSForgery(names=ALL, drop=True),), "dead"),
        ((DNSForgery(names=(MUSEUM, ZOO), rcode=NXDOMAIN),), "sick"),
        ((DNSForgery(names=(f"*.{INNOCUOUS}",), answers=("31.13.94.37",)),), "invents"),
    ],
)
async def test_resolvers(rules, rule_id) -> None:
    """The system's resolver is told from the others, which stay healthy."""
    async with echo_lab(others=others()) as lab:
        readings = read_resolver_health(await lab.measure(resolver_health, *rules, innocuous_names=NAMES))
    found = {reading.engine: reading for reading in readings}
    assert found["system"].rule_id == f"resolver_health.{rule_id}"
    assert found["system"].healthy is (rule_id == "healthy")
    assert {found[engine].rule_id for engine in ("udp", "tcp", "doh")} == {"resolver_health.healthy"}


async def test_a_wildcard_is_no_invention() -> None:
    """Where an innocuous site itself answers for every name below it, nobody invents anything."""
    records = {INNOCUOUS: (AT_INNOCUOUS,)}
    async with echo_lab(records=records) as lab:
        made = await lab.measure(resolver_health, seed=7)
        (invented,) = {step.name for step in made.steps if step.purpose is Purpose.INVENTED}
    async with echo_lab(records={**records, invented: (AT_INNOCUOUS,)}) as lab:
        readings = read_resolver_health(await lab.measure(resolver_health, seed=7))
    assert {reading.rule_id for reading in readings} == {"resolver_health.healthy"}

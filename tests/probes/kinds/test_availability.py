"""The cheap look at a page: one lookup, one connection, one answer."""

from __future__ import annotations

import pytest

from monitor.model import Health
from monitor.observe import flatten, observe
from monitor.verdict import judge
from probes.kinds import availability
from probes.model import DNSLookup, HTTPRoundTrip, TCPConnect, TLSHandshake
from probes.testing import NXDOMAIN, AddressBlock, DNSForgery, Route, SNIBlock, page, redirect
from tests.echo_lab import ALSO_AT_TARGET, AT_TARGET, TARGET, echo_lab, site


def of(measurement, kind):
    return [step for step in measurement.steps if isinstance(step, kind)]


async def test_one_of_each() -> None:
    """The system's resolver is asked for both families, one address is connected to, one page is fetched."""
    async with echo_lab(target=site(second=True)) as lab:
        measurement = await lab.measure(availability)
    assert [(step.engine, step.query_type) for step in of(measurement, DNSLookup)] == [
        ("system", "A"),
        ("system", "AAAA"),
    ]
    assert [step.address in {AT_TARGET, ALSO_AT_TARGET} for step in of(measurement, TCPConnect)] == [True]
    (shaken,), (trip,) = of(measurement, TLSHandshake), of(measurement, HTTPRoundTrip)
    assert (shaken.failure, trip.status, measurement.failure) == (None, 200, None)
    assert (measurement.kind, measurement.target, measurement.url) == ("availability", "kloop", f"https://{TARGET}/")


async def test_the_day_on_which_the_certificate_expires() -> None:
    """It is read from the stored chain, as for any other kind."""
    async with echo_lab() as lab:
        measurement = await lab.measure(availability)
    seen = observe(measurement, ())
    outcome = flatten(measurement, judge(measurement, seen, health=Health.HEALTHY))
    assert outcome.certificate_expiry is not None
    assert outcome.certificate_expiry > measurement.started
    assert (outcome.verdict.state, outcome.status) == ("ok", 200)


async def test_a_redirect_is_an_answer() -> None:
    """It is recorded and not followed."""
    async with echo_lab(target=site(routes=(Route(response=redirect("https://elsewhere.test/")),))) as lab:
        measurement = await lab.measure(availability)
    (trip,) = of(measurement, HTTPRoundTrip)
    assert (trip.status, trip.failure) == (302, None)
    assert ("location", "https://elsewhere.test/") in [(name.lower(), value) for name, value in trip.headers]
    assert {step.hop for step in measurement.steps} == {0}


async def test_another_address_where_the_first_is_dead() -> None:
    """The next one is tried only after the first has failed."""
    async with echo_lab(target=site(second=True)) as lab:
        dead = AddressBlock(address=AT_TARGET, action="refuse"), AddressBlock(address=ALSO_AT_TARGET, action="refuse")
        found = [await lab.measure(availability, rule) for rule in dead]
    tried = [[(step.address, step.failure) for step in of(measurement, TCPConnect)] for measurement in found]
    for failing, working, steps in ((AT_TARGET, ALSO_AT_TARGET, tried[0]), (ALSO_AT_TARGET, AT_TARGET, tried[1])):
        assert steps in ([(working, None)], [(failing, "connection_refused"), (working, None)])
    assert all(of(measurement, HTTPRoundTrip)[0].status == 200 for measurement in found)


async def test_in_the_clear() -> None:
    """An http:// URL makes no handshake."""
    async with echo_lab() as lab:
        measurement = await lab.measure(availability, url=f"http://{TARGET}/news?id=1")
    assert of(measurement, TLSHandshake) == []
    assert [trip.url for trip in of(measurement, HTTPRoundTrip)] == [f"http://{TARGET}/news?id=1"]


@pytest.mark.parametrize(
    ("rule", "kind", "failure"),
    [
        (DNSForgery(names=(TARGET,), rcode=NXDOMAIN), DNSLookup, "dns_nxdomain_error"),
        (AddressBlock(address=AT_TARGET, action="refuse"), TCPConnect, "connection_refused"),
        (SNIBlock(names=(TARGET,), action="reset"), TLSHandshake, "connection_reset"),
        (DNSForgery(names=(TARGET,), answers=("127.0.0.1",)), TCPConnect, None),
    ],
)
async def test_where_it_ends(rule, kind, failure) -> None:
    """The last step is the one that failed; an address that must not be dialled ends the walk, too."""
    async with echo_lab() as lab:
        measurement = await lab.measure(availability, rule)
    assert of(measurement, HTTPRoundTrip) == []
    assert {step.failure for step in of(measurement, kind)} == ({failure} if failure else set())
    assert measurement.failure is None


async def test_a_certificate_that_has_expired() -> None:
    """It is a failed handshake with its chain, and nothing is asked over it."""
    async with echo_lab(target=site(certificate="expired")) as lab:
        measurement = await lab.measure(availability)
    (shaken,) = of(measurement, TLSHandshake)
    assert (shaken.failure, bool(shaken.chain)) == ("ssl_invalid_certificate", True)
    assert of(measurement, HTTPRoundTrip) == []


async def test_late_answers_are_not_waited_for() -> None:
    """A long time of listening costs nothing here."""
    async with echo_lab(target=site(routes=(Route(response=page("Kloop")),))) as lab:
        limits = lab.task.limits.__class__(dns=5, dns_linger=30, total=20)
        measurement = await lab.measure(availability, limits=limits)
    assert measurement.failure is None
    assert of(measurement, HTTPRoundTrip)[0].status == 200

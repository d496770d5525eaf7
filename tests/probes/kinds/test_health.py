"""Looking at the place itself: its resolvers, its clock, its portals."""

from __future__ import annotations

from collections import Counter

import pytest

from probes.kinds import resolver_health, vantage_health
from probes.model import DNSLookup, HTTPRoundTrip, Purpose, Resolvers, TCPConnect
from tests.echo_lab import ECHO_ONE, INNOCUOUS, TARGET, TOKEN, echo_lab


async def test_every_resolver_is_asked_for_innocuous_names_and_an_invented_one() -> None:
    """The invented name lies below an innocuous one, is drawn anew each time, and the target is never asked for."""
    async with echo_lab() as lab:
        first, second = [await lab.measure(resolver_health, seed=seed) for seed in (1, 2)]
    assert Counter(step.engine for step in first.steps) == dict.fromkeys(("system", "udp", "tcp", "dot", "doh"), 3)
    invented = [{s.name for s in one.steps if s.purpose is Purpose.INVENTED} for one in (first, second)]
    assert all(len(names) == 1 for names in invented)
    assert invented[0] != invented[1]
    assert all(name.endswith(f".{INNOCUOUS}") for names in invented for name in names)
    assert TARGET not in {step.name for step in first.steps}


@pytest.mark.parametrize("kind", [vantage_health, resolver_health])
async def test_whose_resolver_it_is(kind) -> None:
    """A whoami name tells the network that the resolver asks from, and no more of its address than that."""
    records = {"whoami.akamai.net": ("203.0.113.77",)}
    async with echo_lab(records=records) as lab:
        measurement = await lab.measure(kind)
    told = [s for s in measurement.steps if isinstance(s, DNSLookup) and s.purpose is Purpose.WHOAMI]
    assert {s.engine for s in told} >= {"system"}
    assert {s.addresses for s in told} == {("203.0.0.0",)}
    assert "203.0.113" not in repr(measurement)


async def test_only_configured_resolvers() -> None:
    """Without public resolvers only the system's is looked at."""
    async with echo_lab() as lab:
        measurement = await lab.measure(resolver_health, resolvers=Resolvers(udp=None, doh=None))
    assert {step.engine for step in measurement.steps} == {"system"}


async def test_a_look_around() -> None:
    """An innocuous site is visited over TLS, the echo host in the clear, and DNS64 is asked for; the target is not."""
    async with echo_lab() as lab:
        measurement = await lab.measure(vantage_health)
    trips = {step.purpose: step for step in measurement.steps if isinstance(step, HTTPRoundTrip)}
    assert trips[Purpose.SITE].url == f"https://{INNOCUOUS}/"
    assert (trips[Purpose.CANARY].url, trips[Purpose.CANARY].address) == (f"http://{INNOCUOUS}/[secret]/", ECHO_ONE)
    dns64 = [s for s in measurement.steps if isinstance(s, DNSLookup) and s.purpose is Purpose.DNS64]
    assert [(s.name, s.query_type, s.engine) for s in dns64] == [("ipv4only.arpa", "AAAA", "system")]
    assert not any(isinstance(s, TCPConnect) and s.purpose is Purpose.IPV6 for s in measurement.steps)
    assert TARGET not in repr(measurement.steps)
    assert TOKEN not in repr(measurement)


async def test_without_an_echo_host() -> None:
    """The innocuous site is asked in the clear in its place."""
    async with echo_lab() as lab:
        measurement = await lab.measure(vantage_health, echo=None)
    (canary,) = [s for s in measurement.steps if isinstance(s, HTTPRoundTrip) and s.purpose is Purpose.CANARY]
    assert (canary.url, canary.status) == (f"http://{INNOCUOUS}/", 200)


@pytest.mark.parametrize("kind", [vantage_health, resolver_health])
async def test_nothing_innocuous_to_look_at(kind) -> None:
    """Without an innocuous name there is nothing to learn."""
    async with echo_lab() as lab:
        with pytest.raises(ValueError, match="innocuous"):
            await lab.measure(kind, innocuous_names=())

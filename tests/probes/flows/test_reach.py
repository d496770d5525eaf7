"""From addresses to a connection."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from probes.flows.reach import addresses_of, first_open, screened
from probes.model import Resolvers, Screened, TCPConnect
from probes.steps.trace import Trace
from probes.steps.url import parse
from probes.testing import AddressBlock, DNSForgery
from tests.echo_lab import ALSO_AT_TARGET, AT_TARGET, LIMITS, TARGET, echo_lab, site


def trace_on(network) -> Trace:
    return Trace(network=network, limits=LIMITS, started=datetime.now(UTC), elapsed=asyncio.get_running_loop().time)


async def test_the_first_that_opens_is_taken() -> None:
    """The next address is tried only after the one before has failed, and none after one that opened."""
    async with echo_lab(target=site(second=True)) as lab:
        trace = trace_on(lab.network(AddressBlock(address=AT_TARGET, action="refuse")))
        channel = await first_open(trace, parse(f"https://{TARGET}/"), (AT_TARGET, ALSO_AT_TARGET, AT_TARGET))
        channel.close()
        assert channel.peer == (ALSO_AT_TARGET, 443)
        assert [s.failure for s in trace.steps if isinstance(s, TCPConnect)] == ["connection_refused", None]
        assert await first_open(trace, parse(f"http://{TARGET}/"), (AT_TARGET,)) is None


async def test_what_must_not_be_dialled_is_kept_as_evidence() -> None:
    """A private address in an answer is a step of its own, and is not among what may be dialled."""
    async with echo_lab() as lab:
        trace = trace_on(lab.network(DNSForgery(names=(TARGET,), answers=("10.10.34.36",))))
        place = parse(f"https://{TARGET}/")
        assert await addresses_of(trace, place, Resolvers(udp=None, doh=None), engines=("doh", "udp", "system")) == ()
        assert [(s.address, s.reason) for s in trace.steps if isinstance(s, Screened)] == [("10.10.34.36", "private")]
        assert screened(trace, ["2a02:26f0::1"], 443) == ("2a02:26f0::1",)


async def test_an_address_needs_no_resolver() -> None:
    """A URL with an address in it is dialled there, unless that must not be."""
    async with echo_lab() as lab:
        trace = trace_on(lab.network())
        for url, found in ((f"https://{AT_TARGET}/", (AT_TARGET,)), ("https://127.0.0.1/", ())):
            assert await addresses_of(trace, parse(url), Resolvers(), engines=("system",)) == found

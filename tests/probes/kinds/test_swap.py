"""Names swapped between the target and our echo host: which connections are made, and what each tells."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from probes.document import canonical, document, measurement_from
from probes.kinds import host_swap, sni_swap
from probes.model import DNSLookup, HTTPRoundTrip, Purpose, TCPConnect, TLSHandshake
from probes.testing import HostBlock, SNIBlock, block_page
from tests.echo_lab import (
    ALSO_AT_TARGET,
    AT_TARGET,
    ECHO_ONE,
    ECHO_TWO,
    INNOCUOUS,
    TARGET,
    TOKEN,
    echo_lab,
    site,
)

BLOCK = SNIBlock(names=(TARGET,), action="reset")


def by_purpose(measurement, kind):
    return {step.purpose: step for step in measurement.steps if isinstance(step, kind)}


async def test_the_four_handshakes() -> None:
    """Both names go to the target's address and to the echo host; there, each has an address of its own."""
    async with echo_lab() as lab:
        measurement = await lab.measure(sni_swap)
        shaken = by_purpose(measurement, TLSHandshake)
        assert {purpose: (step.server_name, step.address) for purpose, step in shaken.items()} == {
            Purpose.TRIGGER_AT_TARGET: (TARGET, AT_TARGET),
            Purpose.INNOCUOUS_AT_TARGET: (INNOCUOUS, AT_TARGET),
            Purpose.TRIGGER_AT_ECHO: (TARGET, ECHO_ONE),
            Purpose.INNOCUOUS_AT_ECHO: (INNOCUOUS, ECHO_TWO),
        }
        assert {step.failure for step in shaken.values()} == {None}
        assert {step.engine for step in measurement.steps if isinstance(step, DNSLookup)} == {"system", "udp", "doh"}


async def test_both_ends_have_seen_it() -> None:
    """What the echo host says is part of the record, so that the name that reached it can be read there."""
    async with echo_lab() as lab:
        told = by_purpose(await lab.measure(sni_swap), HTTPRoundTrip)
        said = {purpose: json.loads(step.body.kept) for purpose, step in told.items()}
    assert {purpose: (each["sni"], each["host"]) for purpose, each in said.items()} == {
        Purpose.TRIGGER_AT_ECHO: (TARGET, TARGET),
        Purpose.INNOCUOUS_AT_ECHO: (INNOCUOUS, INNOCUOUS),
    }


async def test_a_second_address_of_the_target() -> None:
    """It is shown the innocuous name only, so that no earlier trigger can have spoiled it."""
    async with echo_lab(target=site(second=True)) as lab:
        shaken = by_purpose(await lab.measure(sni_swap), TLSHandshake)
    other, first = shaken[Purpose.INNOCUOUS_ELSEWHERE], shaken[Purpose.TRIGGER_AT_TARGET]
    assert other.server_name == INNOCUOUS
    assert {other.address, first.address} == {AT_TARGET, ALSO_AT_TARGET}


@pytest.mark.parametrize("kind", [sni_swap, host_swap])
async def test_the_order_is_drawn(kind) -> None:
    """The same source gives the same order, others give others, and connections never overlap."""
    async with echo_lab() as lab:
        orders = {}
        for seed in (1, 1, 2, 3, 4):
            connects = [s for s in (await lab.measure(kind, seed=seed)).steps if isinstance(s, TCPConnect)]
            order = [step.purpose for step in connects]
            assert orders.setdefault(seed, order) == order
            assert all(a.started + a.duration <= b.started for a, b in pairwise(connects))
    assert len({tuple(order) for order in orders.values()}) > 1


@pytest.mark.parametrize("kind", [sni_swap, host_swap])
async def test_the_token_is_in_no_record(kind) -> None:
    """Whatever is kept of requests and answers, the secret is not in it; a page that repeats the path included."""
    echoing = HostBlock(names=(TARGET,), action=block_page(f"you asked for /{TOKEN}/".encode()))
    async with echo_lab() as lab:
        measurement = await lab.measure(kind, echoing)
        assert lab.server.tally.refused == 0
        assert lab.server.tally.answered >= 1
    assert TOKEN.encode() not in canonical(document(measurement))
    assert not any(TOKEN.encode() in (s.body.kept or b"") for s in measurement.steps if isinstance(s, HTTPRoundTrip))
    assert TOKEN not in repr(lab.task)
    assert measurement_from(document(measurement)) == measurement


async def test_a_stranger_at_the_echo_address_is_told_nothing() -> None:
    """Where the key is another than the pinned one the handshake fails, and the token is never sent."""
    async with echo_lab() as lab:
        other = "0" * 64
        echo = lab.task.echo.__class__(addresses=(ECHO_ONE,), token=TOKEN, pin=other)
        measurement = await lab.measure(sni_swap, echo=echo)
        assert lab.server.tally.answered == 0
    shaken = by_purpose(measurement, TLSHandshake)[Purpose.TRIGGER_AT_ECHO]
    assert (shaken.failure, shaken.reason) == ("ssl_invalid_certificate", "another public key than the pinned one")


async def test_a_block_by_name_shows_at_both_places() -> None:
    """The target's name is reset wherever it goes; the innocuous one passes everywhere."""
    async with echo_lab() as lab:
        shaken = by_purpose(await lab.measure(sni_swap, BLOCK), TLSHandshake)
    assert {purpose for purpose, step in shaken.items() if step.failure == "connection_reset"} == {
        Purpose.TRIGGER_AT_TARGET,
        Purpose.TRIGGER_AT_ECHO,
    }


async def test_without_an_echo_host() -> None:
    """Only the target's address is compared; without an innocuous name, or without a name at all, nothing can be."""
    async with echo_lab() as lab:
        shaken = by_purpose(await lab.measure(sni_swap, echo=None), TLSHandshake)
        assert set(shaken) == {Purpose.TRIGGER_AT_TARGET, Purpose.INNOCUOUS_AT_TARGET}
        for kind in (sni_swap, host_swap):
            with pytest.raises(ValueError, match="innocuous"):
                await lab.measure(kind, innocuous_names=(TARGET,))
            with pytest.raises(ValueError, match="no name"):
                await lab.measure(kind, url=f"https://{AT_TARGET}/")


async def test_hosts_in_the_clear() -> None:
    """`host_swap` asks on port 80 for both names at both places, and keeps what our server says."""
    async with echo_lab() as lab:
        trips = by_purpose(await lab.measure(host_swap), HTTPRoundTrip)
    assert {purpose: (step.url, step.address, step.port) for purpose, step in trips.items()} == {
        Purpose.TRIGGER_AT_TARGET: (f"http://{TARGET}/", AT_TARGET, 80),
        Purpose.INNOCUOUS_AT_TARGET: (f"http://{INNOCUOUS}/", AT_TARGET, 80),
        Purpose.TRIGGER_AT_ECHO: (f"http://{TARGET}/[secret]/", ECHO_ONE, 80),
        Purpose.INNOCUOUS_AT_ECHO: (f"http://{INNOCUOUS}/[secret]/", ECHO_TWO, 80),
    }
    assert json.loads(trips[Purpose.TRIGGER_AT_ECHO].body.kept)["host"] == TARGET


async def test_the_total_limit() -> None:
    """A comparison that takes too long is cut short, and what was done is kept."""
    async with echo_lab() as lab:
        limits = lab.task.limits.__class__(dns=0.5, dns_linger=0.01, tcp=30, tls=30, total=0.8)
        measurement = await lab.measure(sni_swap, SNIBlock(names=(TARGET, INNOCUOUS), action="drop"), limits=limits)
    assert measurement.failure == "generic_timeout_error"
    assert "generic_timeout_error" in {step.failure for step in measurement.steps if isinstance(step, TLSHandshake)}

"""Names swapped over QUIC: which handshakes are made, what each keeps, and what a censored network does to them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

pytest.importorskip("aioquic", reason="needs the extra `quic`")

from probes.document import document, measurement_from
from probes.kinds import quic_reachability
from probes.model import HTTPRoundTrip, Purpose, QUICHandshake
from probes.testing import QUICBlock
from tests.echo_lab import AT_TARGET, ECHO_ONE, ECHO_TWO, INNOCUOUS, LIMITS, TARGET, TOKEN, echo_lab, site

QUICK = replace(LIMITS, quic=0.8)


def shaken(measurement):
    return {step.purpose: step for step in measurement.steps if isinstance(step, QUICHandshake)}


async def test_four_handshakes_and_two_questions() -> None:
    """Both names go to both places; before that each place is asked its versions, which shows no name."""
    async with echo_lab(target=site(quic=True)) as lab:
        measurement = await lab.measure(quic_reachability, limits=QUICK)
    found = shaken(measurement)
    assert {purpose: (step.server_name, step.address) for purpose, step in found.items()} == {
        Purpose.VERSIONS: ("", AT_TARGET),
        Purpose.VERSIONS_AT_ECHO: ("", ECHO_ONE),
        Purpose.TRIGGER_AT_TARGET: (TARGET, AT_TARGET),
        Purpose.INNOCUOUS_AT_TARGET: (INNOCUOUS, AT_TARGET),
        Purpose.TRIGGER_AT_ECHO: (TARGET, ECHO_ONE),
        Purpose.INNOCUOUS_AT_ECHO: (INNOCUOUS, ECHO_TWO),
    }
    assert {step.failure for step in found.values()} == {None}
    assert found[Purpose.VERSIONS].versions == ("1", "2")
    trigger = found[Purpose.TRIGGER_AT_TARGET]
    assert (trigger.alpn, trigger.cipher.startswith("TLS_"), len(trigger.chain)) == ("h3", True, 2)
    assert min(trigger.bytes_sent, trigger.bytes_received, trigger.first_byte, trigger.ip_ttl) > 0
    assert measurement_from(document(measurement)) == measurement


async def test_pages_by_http_3() -> None:
    """The target's page is fetched, and our server says at its end which name it was shown."""
    async with echo_lab(target=site(quic=True)) as lab:
        measurement = await lab.measure(quic_reachability, limits=QUICK)
    trips = {step.purpose: step for step in measurement.steps if isinstance(step, HTTPRoundTrip)}
    page = trips[Purpose.TRIGGER_AT_TARGET]
    assert (page.status, page.protocol, page.body.length, page.body.title) == (200, "HTTP/3", 100_000, "Kloop")
    told = {purpose: json.loads(trips[purpose].body.kept) for purpose in trips if "echo" in purpose}
    assert {purpose: (each["sni"], each["host"], each["alpn"]) for purpose, each in told.items()} == {
        Purpose.TRIGGER_AT_ECHO: (TARGET, TARGET, "h3"),
        Purpose.INNOCUOUS_AT_ECHO: (INNOCUOUS, INNOCUOUS, "h3"),
    }
    assert TOKEN not in repr(measurement)


async def test_a_block_by_name() -> None:
    """Where datagrams with the target's name vanish, only those do; the question for versions passes."""
    async with echo_lab(target=site(quic=True)) as lab:
        found = shaken(await lab.measure(quic_reachability, QUICBlock(names=(TARGET,)), limits=QUICK))
    assert {purpose for purpose, step in found.items() if step.failure == "generic_timeout_error"} == {
        Purpose.TRIGGER_AT_TARGET,
        Purpose.TRIGGER_AT_ECHO,
    }
    silent = found[Purpose.TRIGGER_AT_ECHO]
    assert (silent.bytes_received, silent.chain, silent.version) == (0, (), "")


async def test_a_refusal_is_seen_at_once() -> None:
    """ICMP ends an attempt long before its time limit, and its type and code are kept."""
    async with echo_lab(target=site(quic=True)) as lab:
        measurement = await lab.measure(
            quic_reachability, QUICBlock(action="refuse"), limits=replace(LIMITS, quic=15, total=60)
        )
    found = shaken(measurement)
    assert {step.failure for step in found.values()} == {"connection_refused"}
    assert {step.icmp for step in found.values()} == {(3, 3)}
    assert {step.router for step in found.values()} == {""}, "loopback is nobody's business"
    assert measurement.duration < 15


async def test_versions_that_we_do_not_speak() -> None:
    """A server of another version says so, and its word is kept."""
    async with echo_lab(target=site(quic=True, quic_versions=(0xFF00001D,))) as lab:
        found = shaken(await lab.measure(quic_reachability, limits=QUICK, echo=None))
    assert found[Purpose.VERSIONS].versions == ("0xff00001d",)
    trigger = found[Purpose.TRIGGER_AT_TARGET]
    assert (trigger.failure, trigger.versions) == ("quic_incompatible_version", ("0xff00001d",))


async def test_a_certificate_that_is_not_the_targets() -> None:
    """The chain is judged as over TCP, and kept though it is refused."""
    async with echo_lab(target=site(quic=True, certificate="unknown_authority")) as lab:
        found = shaken(await lab.measure(quic_reachability, limits=QUICK, echo=None))
    trigger = found[Purpose.TRIGGER_AT_TARGET]
    assert (trigger.failure, len(trigger.chain), trigger.version) == ("ssl_unknown_authority", 2, "1")


async def test_a_site_without_quic() -> None:
    """Nobody listens: refused by its own machine, which is told as what it is."""
    async with echo_lab() as lab:
        found = shaken(await lab.measure(quic_reachability, limits=QUICK, echo=None))
    assert {step.failure for step in found.values()} == {"connection_refused"}


async def test_the_total_limit() -> None:
    """A measurement that is cut short keeps what was under way, and lets go of its sockets."""
    async with echo_lab(target=site(quic=True)) as lab:
        limits = replace(LIMITS, quic=30, total=1.0)
        measurement = await lab.measure(quic_reachability, QUICBlock(names=("*",)), limits=limits)
    assert measurement.failure == "generic_timeout_error"
    assert [step.failure for step in measurement.steps if isinstance(step, QUICHandshake)][-1] == measurement.failure


async def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where aioquic is not installed the order is refused in one line that says what to install."""
    for name in ("probes.steps.quic", "probes.steps.quic_stream"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "aioquic", None)
    monkeypatch.setitem(sys.modules, "aioquic.quic", None)
    monkeypatch.delattr("probes.steps.quic", raising=False)
    async with echo_lab() as lab:
        with pytest.raises(ValueError, match=r"presscanary\[quic\]"):
            await lab.measure(quic_reachability)

"""What names over QUIC show: from a censored network to the reading, and what a missing answer does not prove."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("aioquic", reason="needs the extra `quic`")

from monitor.model import Layer, Locus
from monitor.verdict.experiments import read_quic_reachability
from probes.kinds import quic_reachability
from probes.model import Purpose, QUICHandshake
from probes.testing import AddressBlock, NoIPv6, Outage, QUICBlock, SNIBlock
from tests.echo_lab import AT_TARGET, ECHO_ONE, ECHO_TWO, INNOCUOUS, LIMITS, TARGET, echo_lab, site

QUICK = replace(LIMITS, quic=0.35, total=30)
BY_NAME = QUICBlock(names=(TARGET,))
AT_HOME = QUICBlock(address=AT_TARGET)


@pytest.mark.parametrize(
    ("rules", "rule_id", "technique", "decisive"),
    [
        ((NoIPv6(),), "reached", None, False),
        ((BY_NAME,), "proven", "quic.timeout.sni", True),
        ((QUICBlock(names=(TARGET,), address=AT_TARGET),), "pair_or_server", None, False),
        ((AT_HOME,), "silent_at_target", "quic.timeout", False),
        ((AddressBlock(address=AT_TARGET, action="refuse"),), "silent_at_target", "quic.refused", False),
        ((QUICBlock(names=("*",), address=AT_TARGET),), "handshakes_at_target", "quic.timeout", False),
        ((BY_NAME, AT_HOME), "name_and_address", "quic.timeout.sni", True),
        ((QUICBlock(),), "no_quic", "quic.timeout", False),
        ((QUICBlock(action="refuse"),), "no_quic", "quic.refused", False),
        ((QUICBlock(names=("*",)),), "no_handshake", "quic.timeout", False),
        ((AddressBlock(address=ECHO_ONE), AddressBlock(address=ECHO_TWO)), "echo_fails", None, False),
        ((Outage(how="unreachable"),), "no_quic", None, False),
        ((SNIBlock(names=(TARGET,), action="reset"),), "reached", None, False),
    ],
)
async def test_readings(rules, rule_id, technique, decisive) -> None:
    """Each way to censor QUIC gives its reading; only what hangs on the name at our own server is called proof."""
    async with echo_lab(target=site(quic=True)) as lab:
        reading = read_quic_reachability(await lab.measure(quic_reachability, *rules, limits=QUICK))
    assert reading.rule_id == f"quic_reachability.{rule_id}"
    assert reading.decisive is decisive
    assert (reading.locus is Locus.NETWORK) is decisive
    if technique is not None:
        assert (reading.technique, reading.layer) == (technique, Layer.QUIC)
    assert "{" not in reading.why


async def test_a_site_without_quic_is_not_called_blocked_for_sure() -> None:
    """Where the target speaks no QUIC, the reading says that this may be so."""
    async with echo_lab() as lab:
        reading = read_quic_reachability(await lab.measure(quic_reachability, limits=QUICK))
    assert (reading.rule_id, reading.decisive) == ("quic_reachability.silent_at_target", False)
    assert "or it speaks none" in reading.why


async def test_somebody_else_at_our_address() -> None:
    """Another key than ours under the target's name only is somebody in between."""
    async with echo_lab(target=site(quic=True)) as lab:
        measurement = await lab.measure(quic_reachability, limits=QUICK)
    steps = tuple(
        replace(step, failure="ssl_invalid_certificate", reason="another public key than the pinned one")
        if isinstance(step, QUICHandshake) and step.purpose is Purpose.TRIGGER_AT_ECHO
        else step
        for step in measurement.steps
    )
    reading = read_quic_reachability(replace(measurement, steps=steps))
    assert (reading.rule_id, reading.technique) == ("quic_reachability.replaced", "quic.mitm")


async def test_without_our_server() -> None:
    """A difference by name at the target alone is told, and not called proof."""
    async with echo_lab(target=site(quic=True)) as lab:
        reading = read_quic_reachability(await lab.measure(quic_reachability, BY_NAME, limits=QUICK, echo=None))
    assert (reading.rule_id, reading.decisive) == ("quic_reachability.target_only", False)
    assert INNOCUOUS != TARGET

"""QUIC against a real box: by name, by port, and with the word of a router whose address is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from monitor.verdict.experiments import read_quic_reachability
from probes.model import Echo, Purpose, QUICHandshake
from tests.lab.behaviour import NOTHING, QUIC_DROPPED, QUIC_PROHIBITED, Behaviour
from tests.lab.echo import TOKEN
from tests.lab.lab import Lab
from tests.lab.place import Order
from tests.lab.topology import ECHO_ONE, ECHO_TWO, TARGET
from tests.lab.visit import LIMITS, task

HEADING = "network lab: what names over QUIC say"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A behaviour, and the rule and technique that it must come to."""

    does: Behaviour
    rule: str
    technique: str | None
    decisive: bool = False


CASES = {
    "nothing": Case(does=NOTHING, rule="reached", technique=None),
    "SNI reset over TCP": Case(does=Behaviour(sni="reset"), rule="reached", technique=None),
    "QUIC name dropped": Case(does=Behaviour(quic="drop"), rule="proven", technique="quic.timeout.sni", decisive=True),
    "UDP 443 dropped": Case(does=QUIC_DROPPED, rule="no_quic", technique="quic.timeout"),
    "UDP 443 prohibited": Case(does=QUIC_PROHIBITED, rule="no_quic", technique="quic.refused"),
}


@pytest.mark.parametrize("name", CASES)
def test_names_over_quic(lab: Lab, table: dict[str, list[str]], name: str) -> None:
    """The reading names what the box does; an ICMP refusal is seen at once, with its type and code."""
    case = CASES[name]
    lab.behave(case.does)
    order = Order(
        kind="quic_reachability",
        task=replace(
            task("client", f"https://{TARGET}/"),
            echo=Echo(addresses=(ECHO_ONE, ECHO_TWO), token=TOKEN, pin=lab.pin),
            limits=replace(LIMITS, quic=1.0),
        ),
    )
    measurement = lab.measure({"client": [order]})["client"][0]
    reading = read_quic_reachability(measurement)
    table.setdefault(HEADING, []).append(
        f"{name:20} {reading.rule_id:32} {reading.technique or '-':18} {'decisive' if reading.decisive else '':8} "
        f"{measurement.duration:5.2f} s"
    )
    assert (reading.rule_id, reading.technique) == (f"quic_reachability.{case.rule}", case.technique)
    assert reading.decisive is case.decisive
    if case.does is QUIC_PROHIBITED:
        shaken = [step for step in measurement.steps if isinstance(step, QUICHandshake)]
        assert {step.icmp for step in shaken} == {(3, 13)}
        assert {step.failure for step in shaken} == {"host_unreachable"}
        assert {Purpose.VERSIONS, Purpose.TRIGGER_AT_ECHO} <= {step.purpose for step in shaken}

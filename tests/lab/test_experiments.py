"""What a visit cannot tell, experiments do: by name or by address, and how much slower."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from monitor.verdict.experiments import (
    Reading,
    read_dns_consistency,
    read_host_swap,
    read_sni_swap,
    read_throttle,
)
from probes.model import Echo, Measurement
from tests.lab.behaviour import BLACK_HOLE, Behaviour
from tests.lab.echo import TOKEN
from tests.lab.lab import Lab
from tests.lab.place import Order
from tests.lab.topology import ECHO_ONE, ECHO_TWO, TARGET
from tests.lab.visit import LIMITS, task

HEADING = "network lab: what the experiments say"


def _of_throttle(measurement: Measurement) -> Reading:
    return read_throttle(measurement).reading


READERS = {
    "sni_swap": read_sni_swap,
    "host_swap": read_host_swap,
    "dns_consistency": read_dns_consistency,
    "throttle": _of_throttle,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A behaviour, an experiment, and the rule and technique that it must come to."""

    does: Behaviour
    kind: str
    rule: str
    technique: str | None
    scheme: str = "https"
    decisive: bool = True


CASES = {
    "SNI reset": Case(does=Behaviour(sni="reset"), kind="sni_swap", rule="proven", technique="tls.reset.sni"),
    "SNI dropped": Case(does=Behaviour(sni="drop"), kind="sni_swap", rule="proven", technique="tls.timeout.sni"),
    "SNI throttled": Case(
        does=Behaviour(sni="throttle"), kind="throttle", rule="extreme", technique="tls.throttle.sni"
    ),
    "Host reset": Case(
        does=Behaviour(host="reset"), kind="host_swap", rule="proven", technique="http.reset.host", scheme="http"
    ),
    "Host page": Case(
        does=Behaviour(host="page"), kind="host_swap", rule="replaced", technique="http.blockpage", scheme="http"
    ),
    "DNS injection": Case(
        does=Behaviour(dns="race"), kind="dns_consistency", rule="injected_from_nowhere", technique="dns.injection"
    ),
    "address dropped": Case(does=BLACK_HOLE, kind="sni_swap", rule="address", technique="tcp.timeout", decisive=False),
    "nothing": Case(does=Behaviour(), kind="sni_swap", rule="reached", technique=None, decisive=False),
}


@pytest.mark.parametrize("name", CASES)
def test_experiment(lab: Lab, table: dict[str, list[str]], name: str) -> None:
    """Against a real box, with our own echo server behind it, the experiment proves what the box goes by."""
    case = CASES[name]
    lab.behave(case.does)
    echo = Echo(addresses=(ECHO_ONE, ECHO_TWO), token=TOKEN, pin=lab.pin)
    order = Order(
        kind=case.kind,
        task=replace(task("client", f"{case.scheme}://{TARGET}/"), echo=echo, limits=replace(LIMITS, http=1.5)),
    )
    reading = READERS[case.kind](lab.measure({"client": [order]})["client"][0])
    table.setdefault(HEADING, []).append(
        f"{name:16} {case.kind:16} {reading.rule_id:38} {reading.technique or '-':18} "
        f"{'decisive' if reading.decisive else ''}"
    )
    assert (reading.rule_id, reading.technique) == (f"{case.kind}.{case.rule}", case.technique)
    assert reading.decisive is case.decisive

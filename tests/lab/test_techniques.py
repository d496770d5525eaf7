"""Each way to censor, done by a real box between real servers and the probe, and the word that comes of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from monitor.model import Health, State
from probes.model import DNSLookup, Limits, Step
from tests.lab.behaviour import (
    BLACK_HOLE,
    CUT_OFF,
    HIJACK,
    INTERCEPTION,
    LOSS,
    NOTHING,
    PROHIBITED,
    REFUSED,
    Behaviour,
)
from tests.lab.lab import Lab
from tests.lab.topology import TARGET
from tests.lab.visit import Seen, visit

HEADING = "network lab: what the box on r2 does, and what the visit says"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A behaviour, and the state and technique that a visit must come to."""

    name: str
    does: Behaviour
    state: str
    technique: str | None = None
    scheme: str = "https"
    health: Health = Health.HEALTHY
    answers: int = 1
    """To the question for the target's address, asked of the public resolver; a race has two."""


CASES = (
    Case(name="nothing", does=NOTHING, state="ok"),
    Case(name="nothing, in the clear", does=NOTHING, state="ok", scheme="http"),
    Case(
        name="DNS injection race",
        does=Behaviour(dns="race"),
        state="blocked",
        technique="dns.injection.other",
        answers=2,
    ),
    Case(
        name="DNS injection race, bogon",
        does=Behaviour(dns="race", forged="10.10.34.35"),
        state="blocked",
        technique="dns.injection.bogon",
        answers=2,
    ),
    Case(
        name="DNS denial race",
        does=Behaviour(dns="race", forged=None),
        state="blocked",
        technique="dns.nxdomain",
        answers=2,
    ),
    Case(name="DNS answer replaced", does=Behaviour(dns="replace"), state="blocked", technique="dns.injection.other"),
    Case(name="DNS question dropped", does=Behaviour(dns="drop"), state="blocked", technique="dns.timeout"),
    Case(name="port 53 hijacked", does=HIJACK, state="blocked", technique="dns.injection.other"),
    Case(name="address dropped", does=BLACK_HOLE, state="blocked", technique="tcp.timeout"),
    Case(name="address refused by reset", does=REFUSED, state="blocked", technique="tcp.refused"),
    Case(name="address prohibited by ICMP", does=PROHIBITED, state="blocked", technique="ip.unreachable"),
    Case(name="SNI reset in the path", does=Behaviour(sni="reset"), state="blocked", technique="tls.reset"),
    Case(name="SNI reset beside the path", does=Behaviour(sni="race"), state="blocked", technique="tls.reset"),
    Case(name="SNI dropped", does=Behaviour(sni="drop"), state="blocked", technique="tls.timeout"),
    Case(name="SNI throttled", does=Behaviour(sni="throttle"), state="blocked", technique="tls.throttle"),
    Case(name="foreign authority", does=INTERCEPTION, state="blocked", technique="tls.mitm.ca_signed"),
    Case(name="Host reset", does=Behaviour(host="reset"), state="blocked", technique="http.reset", scheme="http"),
    Case(name="Host dropped", does=Behaviour(host="drop"), state="blocked", technique="http.timeout", scheme="http"),
    Case(
        name="Host redirect", does=Behaviour(host="redirect"), state="blocked", technique="http.redirect", scheme="http"
    ),
    Case(name="Host page", does=Behaviour(host="page"), state="blocked", technique="http.blockpage", scheme="http"),
    Case(name="link down", does=CUT_OFF, state="insufficient", health=Health.OFFLINE),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "_").replace(",", ""))
def test_technique(lab: Lab, table: dict[str, list[str]], case: Case) -> None:
    """The visit, beside one from a place that the box cannot touch, names what the box does, and no more than that."""
    lab.behave(case.does)
    seen = visit(lab, case.scheme)
    verdict = seen.verdict
    table.setdefault(HEADING, []).append(_line(case.name, case.scheme, seen))
    answers = [len(one.datagrams) for one in seen.measurement.steps if _is_question(one)]
    if case.does.dns != "drop" and not case.does.down:
        assert answers == [case.answers]
    assert (str(verdict.state), verdict.technique, seen.health) == (case.state, case.technique, case.health)


def test_loss_is_no_censorship(lab: Lab, table: dict[str, list[str]]) -> None:
    """Where one packet in six is lost, either all is reached in spite of it, or the place is called unfit to judge.

    Given the time limits of every day, in which questions and SYNs are said again. One visit in some may still lose all
    of them, for which a single failure never makes an event; most visits do not.
    """
    lab.behave(LOSS)
    visits = [visit(lab, "https", limits=Limits()) for _ in range(7)]
    table.setdefault(HEADING, []).extend(_line("one packet in six lost", "https", seen) for seen in visits)
    assert sum(seen.verdict.state in {State.OK, State.INSUFFICIENT} for seen in visits) >= 4


def _line(name: str, scheme: str, seen: Seen) -> str:
    verdict = seen.verdict
    return (
        f"{name:28} {scheme:5}  {verdict.state!s:12} {verdict.technique or '-':20} "
        f"{verdict.locus!s:11} {verdict.rule_id:34} {seen.measurement.duration:5.2f} s"
    )


def _is_question(step: Step) -> bool:
    return isinstance(step, DNSLookup) and (step.name, step.engine, step.query_type) == (TARGET, "udp", "A")

"""Connections: refused, reset or swallowed at addresses that are vouched for, while controls connect to them."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from monitor.model import Evidence, Layer, Observation, State
from monitor.verdict import words
from monitor.verdict.case import Case
from monitor.verdict.readings.proof import page_proved
from monitor.verdict.rule import Rule


def _cut_off(case: Case, *, failures: Collection[str]) -> Observation | None:
    """No vouched-for address can be connected to, all for the same reason, and most controls can."""
    seen = _unconnected(case)
    return seen[0] if seen and all(one.failure in failures for one in seen) else None


def _cut_off_variously(case: Case) -> Observation | None:
    seen = _unconnected(case)
    return seen[0] if seen else None


def _unconnected(case: Case) -> tuple[Observation, ...]:
    """The failed connections that controls contradict; empty where any vouched-for address could be connected to."""
    hop = case.last
    tried = hop.at(hop.trusted, of=hop.connects)
    if case.astray or hop.page is not None or any(one.failure is None for one in tried):
        return ()
    return tuple(one for one in tried if case.contrary(one))


def _partly_cut_off(case: Case, *, failures: Collection[str]) -> Observation | None:
    if page_proved(case) is None:
        return None
    tried = (one for hop in case.hops for one in hop.at(hop.trusted, of=hop.connects))
    return next((one for one in tried if one.failure in failures and one.control.ok > one.control.failed), None)


_WAYS = (
    ("timeout", words.TIMEOUT, "tcp.timeout", "stay without any answer"),
    ("refused", words.REFUSED, "tcp.refused", "are refused"),
    ("reset", words.RESET, "tcp.reset", "are reset"),
    ("unreachable", words.UNREACHABLE, "ip.unreachable", "are answered with 'unreachable'"),
)

REACHED_ALL_THE_SAME = tuple(
    Rule(
        id=f"tcp.{name}.some_addresses",
        why=f"The site is reached, but connections to some of its addresses {what}, and most controls connect to them.",
        state=State.OK,
        layer=Layer.TCP,
        technique=technique,
        evidence=Evidence.AMBIGUOUS,
        matches=partial(_partly_cut_off, failures=failures),
    )
    for name, failures, technique, what in _WAYS
)

RULES = (
    *(
        Rule(
            id=f"tcp.{name}.controls_connect",
            why=f"Connections to every address of the site that is vouched for {what}; most controls connect.",
            state=State.BLOCKED,
            layer=Layer.TCP,
            technique=technique,
            evidence=Evidence.AMBIGUOUS,
            matches=partial(_cut_off, failures=failures),
        )
        for name, failures, technique, what in _WAYS
    ),
    Rule(
        id="tcp.failed.controls_connect",
        why="Connections to the vouched-for addresses fail in several ways or an unnamed one; most controls connect.",
        state=State.BLOCKED,
        layer=Layer.TCP,
        technique="tcp",
        evidence=Evidence.AMBIGUOUS,
        matches=_cut_off_variously,
    ),
)

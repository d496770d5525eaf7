"""The first rule that matches speaks."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.model import Health, Observation, State, Verdict
from monitor.verdict.case import Case, case_of
from monitor.verdict.families import family
from monitor.verdict.fingerprints import Fingerprints
from monitor.verdict.rule import Rule
from monitor.verdict.rules import RULES, RULESET
from probes.model import Measurement

_SHIPPED = Fingerprints()


def judge(
    measurement: Measurement,
    observations: Sequence[Observation],
    *,
    health: Health,
    fingerprints: Fingerprints = _SHIPPED,
) -> Verdict:
    """What a measurement says of its target, given all of its observations and the health of its vantage point.

    `fingerprints` are the pages and addresses that are known, by default those that come with the project.

    Never raises for what a network did; ValueError where the observations are not those that `observe` made (the one of
    the whole walk is missing).
    """
    case = case_of(measurement, observations, health, fingerprints)
    rule, seen = next((rule, seen) for rule in RULES if (seen := rule.matches(case)) is not None)
    return Verdict(
        measurement=case.whole.measurement,
        state=rule.state,
        rule_id=rule.id,
        layer=rule.layer,
        technique=rule.technique,
        locus=rule.locus,
        evidence=rule.evidence,
        failure=seen.failure,
        controls_agree=_agreeing(rule.state, seen, case),
        controls_total=case.whole.control.total,
        ruleset=RULESET,
        also=_also(rule, case),
        ipv4=family(case, rule, v6=False),
        ipv6=family(case, rule, v6=True),
    )


def _agreeing(state: State, seen: Observation, case: Case) -> int:
    """How many controls saw what the verdict needs them to have seen; nobody can agree that nothing is known."""
    asked = seen.control if seen.control.asked else case.whole.control
    match state:
        case State.OK:
            return case.whole.control.ok
        case State.BLOCKED:
            return asked.ok
        case State.DOWN:
            return asked.failed or sum(page.status >= 500 for page in asked.pages) or asked.ok
        case State.INSUFFICIENT:
            return 0


def _also(first: Rule, case: Case) -> tuple[str, ...]:
    """Techniques that blocking rules of other layers find in the same measurement, one per layer."""
    if first.state is not State.BLOCKED:
        return ()
    found = {first.layer: first.technique}
    for rule in RULES:
        if rule.state is State.BLOCKED and rule.layer not in found and rule.matches(case) is not None:
            found[rule.layer] = rule.technique
    return tuple(technique for layer, technique in found.items() if layer is not first.layer and technique)

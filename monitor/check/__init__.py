"""Documented dates beside measured events: which claims the data support, contradict, or cannot judge. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.check.coverage import Coverage, about, by_target, dates, folded, measured
from monitor.check.interval import Window, near
from monitor.check.paper import Record, carried_out, enforcement, term
from monitor.check.power import PAPER, imagine
from monitor.check.rules import NOT_TESTABLE, RULES, Finding, Question
from monitor.check.sight import sights
from monitor.check.sources import name_of, sources_of
from monitor.model import BlockingEvent, CheckReport, Claim, ClaimCheck, Day, Enforcement, EventKind, Interval, Power

__all__ = ["check", "folded", "imagine", "name_of"]


def check(
    events: Sequence[BlockingEvent],
    claims: Sequence[Claim],
    days: Sequence[Day],
    *,
    now: datetime,
    simulated: bool | None = None,
    power: Callable[[Claim], Power | None] | None = None,
) -> CheckReport:
    """Every claim's verdict, oldest claim first, and what is left over on either side, whatever the order of the input.

    `days` are the counts of ordinary vantage points, without controls and innocuous targets. `simulated` says whether
    they are simulated; when it is left out, the events say so, or without events the claims. Real claims and simulated
    data (or the reverse) are never compared: such a claim is not testable. Retracted events count for nothing. `power`
    answers whether a block on a claim's dates would have been seen (`imagine`); without it the counts must do.
    """
    events = [event for event in events if not event.retracted and event.kind is EventKind.BLOCKING]
    if simulated is None:
        simulated = any(record.simulated for record in (events or claims))
    ground = Ground(events=events, claims=claims, days=by_target(days), now=now, simulated=simulated, power=power)
    checks = tuple(ground.check(claim) for claim in sorted(claims, key=lambda claim: (claim.interval, claim.id)))
    claimed = {event for each in checks for event in each.events}
    whole = [each for each in checks if not _of_one_provider(each.claim)]
    return CheckReport(
        checks=checks,
        unclaimed=tuple(sorted({event.id for event in events} - claimed)),
        unseen=tuple(each.claim.id for each in checks if _unseen(each)),
        simulated=simulated or any(claim.simulated for claim in claims),
        sources=sources_of(
            [(each.claim, each.verdict) for each in whole if each.claim.kind not in PAPER],
            lambda claim: ground.check(claim).verdict,
        ),
        enforcement=tuple(_enforcement(ground, whole)),
        terms=tuple(found for each in whole if (found := term(ground.record(each.claim))) is not None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Everything that claims are compared with."""

    events: Sequence[BlockingEvent]
    claims: Sequence[Claim]
    days: Mapping[tuple[str, str], Sequence[Day]]
    """By target and country."""
    now: datetime
    simulated: bool
    power: Callable[[Claim], Power | None] | None

    def record(self, claim: Claim) -> Record:
        """What is known of a claim's target, on the networks that it names; nothing across the border of simulation."""
        same = claim.simulated == self.simulated
        return Record(
            claim=claim,
            sights=tuple(sorted(sights(self.events, claim), key=lambda sight: (sight.onset[1], sight.event))),
            days=about(self.days.get((claim.target, claim.country), ()), claim) if same else (),
            now=self.now,
        )

    def check(self, claim: Claim) -> ClaimCheck:
        """One claim's verdict."""
        known = self.record(claim)
        own = dates(claim.interval, self.now)
        coverage = measured(known.days, own)

        def around(edge: Interval) -> Coverage:
            return measured(known.days, own | dates((edge[0] or edge[1], edge[1]), self.now) | {edge[1].date()})

        question = Question(
            claim=claim,
            sights=known.sights,
            coverage=coverage,
            around=around,
            implied=_implied(claim, self.claims, self.now),
            now=self.now,
            power=self._power(claim, known),
        )
        mixed = claim.simulated != self.simulated
        finding = _mismatch() if mixed else RULES.get(claim.kind, _unknown)(question)
        return ClaimCheck(
            claim=claim,
            verdict=finding.verdict,
            why=finding.why,
            distance_days=finding.days,
            days_covered=coverage.covered,
            days_asked=coverage.asked,
            measurements=coverage.measurements,
            events=finding.events,
            power=question.power,
        )

    def _power(self, claim: Claim, known: Record) -> Power | None:
        """Where nothing was measured there is nothing to replay."""
        if self.power is None or claim.kind in PAPER:
            return None
        asked = known.covered((claim.interval[0], claim.interval[1] + near(claim)))
        return self.power(claim) if asked.measurements else Power(imagined=0, full=0.0, leaky=0.0)


def _enforcement(ground: Ground, checks: Sequence[ClaimCheck]) -> Iterator[Enforcement]:
    for each in checks:
        found = carried_out(each) or enforcement(ground.record(each.claim))
        if found is not None:
            yield found


def _of_one_provider(claim: Claim) -> bool:
    """Its sources stand behind the whole claim already; ids of the configuration hold no colon but this one."""
    return ":" in claim.id


def _implied(claim: Claim, claims: Sequence[Claim], now: datetime) -> Window:
    """From a claim's first moment to the end of the next documented unblocking of the same target, or to now."""
    ends = [
        other.interval[1]
        for other in claims
        if other.kind == "unblocked"
        and (other.target, other.country, other.simulated) == (claim.target, claim.country, claim.simulated)
        and other.interval[0] >= claim.interval[0]
    ]
    return claim.interval[0], max(claim.interval[1], min(ends, default=now))


def _unseen(each: ClaimCheck) -> bool:
    return each.claim.kind in ("blocked", "extended") and bool(each.measurements) and not each.events


def _mismatch() -> Finding:
    return Finding(verdict=NOT_TESTABLE, why="real and simulated data are never compared")


def _unknown(question: Question) -> Finding:
    return Finding(verdict=NOT_TESTABLE, why=f"claims of the kind {question.claim.kind!r} cannot be checked")

"""Documented dates beside measured events: which claims the data support, contradict, or cannot judge. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from monitor.check.coverage import Coverage, about, dates, folded, measured
from monitor.check.interval import Window
from monitor.check.rules import NOT_TESTABLE, RULES, Finding, Question
from monitor.check.sight import sights
from monitor.model import BlockingEvent, CheckReport, Claim, ClaimCheck, Day, Interval

__all__ = ["check", "folded"]


def check(
    events: Sequence[BlockingEvent],
    claims: Sequence[Claim],
    days: Sequence[Day],
    *,
    now: datetime,
    simulated: bool | None = None,
) -> CheckReport:
    """Every claim's verdict, oldest claim first, and what is left over on either side, whatever the order of the input.

    `days` are the counts of ordinary vantage points, without controls and innocuous targets. `simulated` says whether
    they are simulated; when it is left out, the events say so, or without events the claims. Real claims and simulated
    data (or the reverse) are never compared: such a claim is not testable. Withdrawn events count for nothing.
    """
    events = [event for event in events if not event.withdrawn]
    if simulated is None:
        simulated = any(record.simulated for record in (events or claims))
    ordered = sorted(claims, key=lambda claim: (claim.interval, claim.id))
    ask = partial(_check, events=events, claims=claims, days=days, now=now, simulated=simulated)
    checks = tuple(ask(claim) for claim in ordered)
    claimed = {event for each in checks for event in each.events}
    return CheckReport(
        checks=checks,
        unclaimed=tuple(sorted({event.id for event in events} - claimed)),
        unseen=tuple(each.claim.id for each in checks if _unseen(each)),
        simulated=simulated or any(claim.simulated for claim in claims),
    )


def _check(
    claim: Claim,
    *,
    events: Sequence[BlockingEvent],
    claims: Sequence[Claim],
    days: Sequence[Day],
    now: datetime,
    simulated: bool,
) -> ClaimCheck:
    rows = about(days, claim) if claim.simulated == simulated else ()
    own = dates(claim.interval, now)
    coverage = measured(rows, own)

    def around(edge: Interval) -> Coverage:
        return measured(rows, own | dates((edge[0] or edge[1], edge[1]), now) | {edge[1].date()})

    question = Question(
        claim=claim,
        sights=tuple(sorted(sights(events, claim), key=lambda sight: (sight.onset[1], sight.event))),
        coverage=coverage,
        around=around,
        implied=_implied(claim, claims, now),
        now=now,
    )
    finding = _mismatch() if claim.simulated != simulated else RULES.get(claim.kind, _unknown)(question)
    return ClaimCheck(
        claim=claim,
        verdict=finding.verdict,
        why=finding.why,
        distance_days=finding.days,
        days_covered=coverage.covered,
        days_asked=coverage.asked,
        measurements=coverage.measurements,
        events=finding.events,
    )


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

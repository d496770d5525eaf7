"""Paper beside the wire: was an order carried out, had the block come before it, did it end when its term did?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.check.coverage import Coverage, dates, measured
from monitor.check.interval import DAY, NEAR, Window, distance
from monitor.check.sight import Sight
from monitor.model import Claim, ClaimCheck, ClaimVerdict, Day, Enforcement, Term

FOLLOWS = timedelta(days=31)
"""A block that begins so long after a threat, an order or a ruling is counted as its consequence (ours: orders took
between hours and a week; a term is two months)."""

FOLLOWED, BEFORE, NOTHING = "block_followed", "blocked_before", "no_block_followed"
STILL, OPEN, UNKNOWN = "still_blocked", "not_blocked", "not_testable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one claim's target: blocks, and days with measurements."""

    claim: Claim
    sights: tuple[Sight, ...]
    days: tuple[Day, ...]
    now: datetime

    def covered(self, window: Window) -> Coverage:
        """What was measured in a window."""
        return measured(self.days, dates(window, self.now))

    @property
    def after(self) -> Window:
        """The time in which paper shows consequences."""
        return self.claim.interval[1], self.claim.interval[1] + FOLLOWS

    def seen(self, sight: Sight) -> datetime:
        """Until when a block was seen by measurements: an open one lasts no longer than they do."""
        last = max((each.day for each in self.days if each.blocked), default=None)
        if sight.end is not None or last is None:
            return sight.last_seen(self.now)
        return min(self.now, datetime(last.year, last.month, last.day, tzinfo=self.now.tzinfo) + DAY)


def enforcement(record: Record) -> Enforcement | None:
    """What became of an event on paper; None for a claim that is not one."""
    ask = _ASKED.get(record.claim.kind)
    return ask(record) if ask else None


def carried_out(check: ClaimCheck) -> Enforcement | None:
    """What the check of a `not_enforced` claim says of the order behind it; None for other claims."""
    if check.claim.kind != "not_enforced":
        return None
    finding = {ClaimVerdict.SUPPORTED: NOTHING, ClaimVerdict.CONTRADICTED: FOLLOWED}.get(check.verdict, UNKNOWN)
    return Enforcement(claim=check.claim.id, finding=finding, why=check.why, events=check.events)


def term(record: Record) -> Term | None:
    """Whether a block ended with its declared term; None where no term was declared or it has not run out."""
    claim = record.claim
    if claim.term is None or claim.term > record.now:
        return None
    window = claim.interval[0], claim.term
    during = [sight for sight in record.sights if sight.during(window, record.now)]
    if not during:
        return Term(claim=claim.id, ran_out=claim.term, finding=UNKNOWN)
    last = max(during, key=record.seen)
    days = round((record.seen(last) - claim.term) / DAY, 1)
    went_on = days * DAY > NEAR
    unknown = not went_on and last.end is None
    return Term(
        claim=claim.id,
        ran_out=claim.term,
        finding=UNKNOWN if unknown else "went_on" if went_on else "ended",
        days=days,
        lasts=went_on and last.end is None,
        events=(last.event,),
    )


def _order(record: Record) -> Enforcement:
    claim = record.claim
    window = claim.interval[0], record.after[1]
    before = [
        sight for sight in record.sights if sight.onset[1] < window[0] and record.seen(sight) >= claim.interval[0]
    ]
    if before:
        days = distance(before[0].onset, claim.interval)
        word = f"the block had begun {-days:.1f} days before" if days else "blocked from the first measurement on"
        return _told(record, BEFORE, word, days, before)
    later = sorted((each for each in record.sights if each.during(window, record.now)), key=lambda each: each.onset[1])
    if later:
        days = max(0.0, (later[0].onset[1] - claim.interval[0]) / DAY)
        return _told(record, FOLLOWED, f"a block was first seen {days:.1f} days after", days, later[:1])
    return _silence(record, window, NOTHING)


def _ruling(record: Record) -> Enforcement:
    during = [
        sight
        for sight in record.sights
        if sight.onset[1] < record.after[0] and record.seen(sight) > record.after[0] + NEAR
    ]
    if during:
        days = max((record.seen(sight) - record.after[0]) / DAY for sight in during)
        return _told(record, STILL, f"blocked for at least {days:.0f} days after", None, during)
    return _silence(record, record.after, OPEN)


def _silence(record: Record, window: Window, finding: str) -> Enforcement:
    """Without a block: whether it was reachable for long enough to say so."""
    coverage = record.covered(window)
    if coverage.reachable:
        counted = f"{coverage.covered} of {coverage.asked} days measured"
        return _told(record, finding, f"reachable up to {FOLLOWS.days} days after ({counted})", None, ())
    little = "mixed results" if coverage.powerful else "too little data" if coverage.measurements else "no data"
    return _told(record, UNKNOWN, f"{little} then", None, ())


def _told(record: Record, finding: str, why: str, days: float | None, sights: Sequence[Sight]) -> Enforcement:
    events = tuple(sorted({sight.event for sight in sights}))
    known = None if days is None else round(days, 1)
    return Enforcement(claim=record.claim.id, finding=finding, why=why, days=known, events=events)


_ASKED: dict[str, Callable[[Record], Enforcement]] = {
    "ordered": _order,
    "threatened": _order,
    "court_upheld": _ruling,
    "court_annulled": _ruling,
}

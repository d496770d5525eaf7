"""What each kind of claim asks of the measurements, and the answer; one function a kind, in a table at the end.

Two rules hold for all. A `supported` rests on measurements, never on an event alone. A `contradicted` needs power on
the claim's own days (see `coverage`): a block that nobody could have seen is no reason to doubt a document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.check.coverage import Coverage
from monitor.check.interval import DAY, Window, distance, near, width
from monitor.check.sight import Sight
from monitor.model import Claim, ClaimVerdict, Interval, Power

VAGUE = timedelta(days=31)
"""An edge that is known no better than this supports no date; it can be consistent with it (ours)."""

SURE = 0.9
"""Share of imagined full blocks which the detector must have seen, for a `no` (ours)."""

SUPPORTED, CONSISTENT, CONTRADICTED, NOT_TESTABLE = ClaimVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A claim with everything that its answer may rest on."""

    claim: Claim
    sights: tuple[Sight, ...]
    coverage: Coverage
    """Of the claim's own days."""
    around: Callable[[Interval], Coverage]
    """Of the claim's days and those of an event's edge together."""
    implied: Window
    """How long a block must have lasted if the claim and the documented end are true."""
    now: datetime
    power: Power | None = None
    """None where it was not computed: then the counts of the claim's days must do alone."""

    @property
    def window(self) -> Window:
        """The claim's own interval."""
        return self.claim.interval

    @property
    def near(self) -> timedelta:
        """How far an edge may lie from the claim and still agree."""
        return near(self.claim)

    @property
    def powerful(self) -> bool:
        """Whether a block on these days would have been seen."""
        return self.coverage.powerful and (self.power is None or self.power.full >= SURE)

    @property
    def reachable(self) -> bool:
        """Whether it was seen, with power, that the target could be reached."""
        return self.powerful and self.coverage.mostly_ok


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict with its reason; `days` is the distance, `events` those it rests on."""

    verdict: ClaimVerdict
    why: str
    days: float | None = None
    events: tuple[str, ...] = ()


def blocked(question: Question) -> Finding:
    """Did a block begin then?"""
    found = [_onset(question, sight) for sight in question.sights if _belongs(question, sight)]
    return _best(found) or _nothing(question)


def unblocked(question: Question) -> Finding:
    """Did a block end then?"""
    earlier = [sight for sight in question.sights if sight.onset[1] < question.window[1]]
    newest = max((sight.last_seen(question.now) for sight in earlier), default=None)
    found = [_end(question, sight) for sight in earlier if sight.last_seen(question.now) == newest]
    if found:
        return _best(found) or _untestable(question)
    if question.reachable:
        return Finding(
            verdict=CONSISTENT, why=f"reachable then ({_counted(question.coverage)}), and no block was seen before"
        )
    return _untestable(question)


def extended(question: Question) -> Finding:
    """Was it blocked all that time?"""
    start, end = question.window[0], min(question.window[1], question.now)
    found = [sight for sight in question.sights if sight.during(question.window, question.now)]
    whole = [sight for sight in found if sight.onset[1] <= start and sight.last_seen(question.now) >= end]
    events = tuple(sorted({sight.event for sight in whole or found}))
    if whole and question.powerful and question.coverage.blocked:
        return Finding(verdict=SUPPORTED, why="blocked during all of it", days=0.0, events=events)
    if found:
        return Finding(verdict=CONSISTENT, why="blocked during a part of it", days=0.0, events=events)
    return _nothing(question)


def quiet(question: Question) -> Finding:
    """Was there no block, as a look-alike or an order that nobody carried out leaves none?"""
    found = [sight for sight in question.sights if sight.during(question.window, question.now)]
    if found and question.coverage.measurements:
        events = tuple(sorted({sight.event for sight in found}))
        return Finding(verdict=CONTRADICTED, why="a block was seen where none is expected", days=0.0, events=events)
    if not found and question.reachable:
        return Finding(verdict=SUPPORTED, why=f"no block, as expected ({_counted(question.coverage)})")
    return _untestable(question)


def paper(question: Question) -> Finding:
    """Threats, orders and rulings happen on paper."""
    words = question.claim.kind.replace("_", " ")
    return Finding(verdict=NOT_TESTABLE, why=f"{words}: on paper, nothing to see on the wire")


RULES: Mapping[str, Callable[[Question], Finding]] = {
    "blocked": blocked,
    "unblocked": unblocked,
    "extended": extended,
    "look_alike": quiet,
    "not_enforced": quiet,
    "ordered": paper,
    "threatened": paper,
    "court_upheld": paper,
    "court_annulled": paper,
}


def _belongs(question: Question, sight: Sight) -> bool:
    # Another block of the same site, years away, is no answer to this claim.
    near = abs(distance(sight.onset, question.window)) * DAY <= question.near
    return near or sight.during(question.implied, question.now)


def _onset(question: Question, sight: Sight) -> Finding:
    days = distance(sight.onset, question.window)
    known = width(sight.onset)

    def answer(verdict: ClaimVerdict, why: str) -> Finding:
        return Finding(verdict=verdict, why=why, days=days, events=(sight.event,))

    if known is None and not days:
        return answer(CONSISTENT, "blocked from the first measurement on; when it began was not seen")
    if not days and known and known > VAGUE:
        return answer(CONSISTENT, f"it began then or up to {known / DAY:.0f} days apart: the data have a gap there")
    if not days:
        data = question.around(sight.onset)
        why = f"the block began within the claim's dates ({_counted(data)})"
        return answer(SUPPORTED if data.measurements else CONSISTENT, why)
    if abs(days) * DAY <= question.near:
        return answer(CONSISTENT, f"the block began {_apart(days)}, as when it reaches provider after provider")
    if days < 0 and question.powerful:
        return answer(CONTRADICTED, f"the block had begun {_apart(days)} ({_counted(question.coverage)})")
    if days > 0 and question.reachable:
        return answer(CONTRADICTED, f"reachable then ({_counted(question.coverage)}); a block began {_apart(days)}")
    if days > 0 and sight.onset[0] is not None:
        why = f"{_little(question)}; a block began {_apart(days)}, and before it worked"
        return Finding(verdict=NOT_TESTABLE, why=why)
    return answer(
        CONSISTENT, f"blocked while the claim says so; it began {_apart(days)}, too little data at the claim's dates"
    )


def _end(question: Question, sight: Sight) -> Finding:
    edge = sight.end
    if edge is None:
        edge = (question.now, question.now)
    days = distance(edge, question.window)
    known = width(edge)

    def answer(verdict: ClaimVerdict, why: str) -> Finding:
        return Finding(verdict=verdict, why=why, days=days, events=(sight.event,))

    if sight.end is None and not days:
        return answer(NOT_TESTABLE, "the block still goes on, and the claim's dates are not over")
    if not days and (known is None or known > VAGUE):
        return answer(CONSISTENT, "it ended then or some time apart: the data have a gap there")
    if not days:
        data = question.around(edge)
        why = f"the block ended within the claim's dates ({_counted(data)})"
        return answer(SUPPORTED if data.measurements else CONSISTENT, why)
    if abs(days) * DAY <= question.near:
        return answer(CONSISTENT, f"the block ended {_apart(days)}")
    if question.powerful:
        said = "went on" if sight.end is None else f"ended {_apart(days)}"
        return answer(CONTRADICTED, f"the block {said} ({_counted(question.coverage)})")
    return answer(NOT_TESTABLE, _little(question))


def _nothing(question: Question) -> Finding:
    if not question.reachable:
        return _untestable(question)
    why = f"reachable then ({_counted(question.coverage)}), and no block was seen"
    if not question.sights:
        return Finding(verdict=CONTRADICTED, why=why)
    days = min(
        (distance(sight.onset, question.window) for sight in question.sights), key=lambda days: (abs(days), days)
    )
    return Finding(verdict=CONTRADICTED, why=f"{why}; the nearest one began {_apart(days)}", days=days)


def _untestable(question: Question) -> Finding:
    coverage = question.coverage
    if not coverage.asked:
        return Finding(verdict=NOT_TESTABLE, why="the claim's dates lie in the future")
    if question.powerful:
        return Finding(
            verdict=NOT_TESTABLE, why=f"mixed results then, and no event that explains them: {_counted(coverage)}"
        )
    return Finding(verdict=NOT_TESTABLE, why=_little(question))


def _little(question: Question) -> str:
    counted = question.coverage.measurements and f": {_counted(question.coverage)}"
    return f"too little data then{counted}" if counted else "no data then"


def _best(found: Iterable[Finding]) -> Finding | None:
    """The finding that agrees most, then the nearest; it names all events that say the same."""
    ordered = sorted(found, key=lambda one: (list(ClaimVerdict).index(one.verdict), abs(one.days or 0.0), one.events))
    if not ordered:
        return None
    same = {event for one in ordered if one.verdict is ordered[0].verdict for event in one.events}
    first = ordered[0]
    return Finding(verdict=first.verdict, why=first.why, days=first.days, events=tuple(sorted(same)))


def _apart(days: float) -> str:
    """A distance in words.

    >>> _apart(-66.25), _apart(1.0), _apart(0.003)
    ('66.2 days before', '1.0 days after', '4 minutes after')
    """
    side = "before" if days < 0 else "after"
    size = abs(days)
    return f"{size:.1f} days {side}" if size >= 0.1 else f"{size * 1440:.0f} minutes {side}"


def _counted(coverage: Coverage) -> str:
    return f"{coverage.measurements} measurements on {coverage.covered} of {coverage.asked} days, {coverage.ok} ok"

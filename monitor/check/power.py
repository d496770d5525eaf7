"""Would a block have been seen? The detector itself is asked, over what was really measured on a claim's dates.

From an imagined onset on, every measurement that came out ok or blocked is a failure without any artefact, the least
that a block can show, and before it every one is ok; times, vantage points, holes, controls and innocuous targets stay
as they were. What the detector says of that is the power of the data. Whoever asks decides which detector it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from statistics import median
from typing import TypeAlias

from monitor.check.interval import near
from monitor.model import BlockingEvent, Cell, Claim, Evidence, Power
from probes.model import Role

Around: TypeAlias = Callable[[Claim, datetime, datetime], Sequence[Cell]]
"""The cells that a detector needs for a claim's target between two times: controls and innocuous targets too."""
Detect: TypeAlias = Callable[[Sequence[Cell], datetime], Sequence[BlockingEvent]]
"""What a detector finds in cells at a time."""

ONSETS = 5
"""Imagined onsets, spread evenly over a claim's interval (ours)."""
FULL, LEAKY = 1.0, 0.7
"""Share of measurements that fail under the two kinds of block (docs/reference/evaluation.md: leaky ones fail 62 to
78 %)."""
WARM_UP = timedelta(days=2)
"""How much of the past a replay begins with, so that the detector knows the lines; it learns from up to 14 days."""
PATIENCE = (timedelta(hours=6), timedelta(days=2), timedelta(days=31))
"""How long after the onset an alarm is waited for, shortest first to save work; after the last, nobody was told."""

PAPER = frozenset({"ordered", "threatened", "court_upheld", "court_annulled"})
"""Kinds of claims about what happens on paper: nothing of them shows on the wire."""
_WHOLE = frozenset({"extended", "unblocked"})
"""Kinds that imply a block which is there at the first moment of their interval."""


def imagine(claim: Claim, *, around: Around, detect: Detect, now: datetime) -> Power | None:
    """Whether blocks that begin within a claim's interval would have been seen before it was over, with the days added
    by which an edge may be off; None for claims about paper and about the future.
    """
    if claim.kind in PAPER or claim.interval[0] >= now:
        return None
    replay = Replay(claim=claim, around=around, detect=detect, deadline=min(claim.interval[1] + near(claim), now))
    onsets = tuple(_onsets(claim, now))
    full = [replay.hours(onset, FULL) for onset in onsets]
    leaky = [replay.hours(onset, LEAKY) for onset in onsets]
    return Power(
        imagined=len(onsets),
        full=_share(full),
        leaky=_share(leaky),
        full_hours=_middle(full),
        leaky_hours=_middle(leaky),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What was measured for one claim, a detector, and how late an alarm may come."""

    claim: Claim
    around: Around
    detect: Detect
    deadline: datetime

    def hours(self, onset: datetime, force: float) -> float | None:
        """Hours from an imagined onset to the alarm; None where none comes in time."""
        for patience in PATIENCE:
            until = min(onset + patience, self.deadline)
            cells = self.around(self.claim, onset - WARM_UP, until)
            dice = Random(f"{self.claim.id} {onset} {patience}")  # noqa: S311 - repeatable dice, nothing secret
            found = self.detect([_imagined(cell, self.claim, onset, force, dice) for cell in cells], until)
            alarms = [alarm for event in found for alarm in self._alarms(event) if onset <= alarm <= until]
            if alarms:
                return (min(alarms) - onset) / timedelta(hours=1)
            if until == self.deadline:
                break
        return None

    def _alarms(self, event: BlockingEvent) -> Iterator[datetime]:
        """When an event about the claim's target was told, on the networks that the claim names or on any."""
        claim = self.claim
        if (event.target, event.country) != (claim.target, claim.country):
            return
        if not claim.networks:
            yield event.alarm
        yield from (span.alarm for span in event.spans if span.network in claim.networks)


def _onsets(claim: Claim, now: datetime) -> Iterator[datetime]:
    start, end = claim.interval[0], min(claim.interval[1], now)
    count = 1 if claim.kind in _WHOLE else ONSETS
    for number in range(count):
        yield start + (end - start) * number / count


def _imagined(cell: Cell, claim: Claim, onset: datetime, force: float, dice: Random) -> Cell:
    """The cell as it had been with the block from its onset on, and with none before."""
    about = (cell.target, cell.country) == (claim.target, claim.country) and cell.role is Role.VANTAGE
    if not about or (claim.networks and cell.network not in claim.networks):
        return cell
    told = cell.ok + cell.blocked
    failed = 0
    if cell.start >= onset:
        failed = told if force >= 1 else sum(dice.random() < force for _ in range(told))
    return replace(cell, ok=told - failed, blocked=failed, evidence=Evidence.AMBIGUOUS if failed else Evidence.NONE)


def _share(hours: Sequence[float | None]) -> float:
    return sum(each is not None for each in hours) / len(hours)


def _middle(hours: Iterable[float | None]) -> float | None:
    seen = [each for each in hours if each is not None]
    return round(median(seen), 2) if seen else None

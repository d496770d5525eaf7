"""The CUSUM of one vantage point on one target, over many measurements at once.

Page's sum is `max(0, sum + change)`; written out over time it is the running total less its running minimum. Between
two events (failures, and first rows after a silence) there is nothing but successes, and it falls by their number.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from monitor.detect.increment import success
from monitor.detect.series import Floats, Ints, length
from monitor.detect.settings import DetectorSettings

ZERO = 0.05
"""Nats below which a decayed sum is nothing: less than a fortieth of one success."""
NEVER = np.iinfo(np.int64).min
"""A time before all others: never."""


def settled(level: float) -> float:
    """A sum as it counts.

    >>> settled(-2.0), settled(0.04), settled(3.0)
    (0.0, 0.0, 3.0)
    """
    return level if level > ZERO else 0.0


@dataclass(slots=True, kw_only=True)
class Track:
    """One vantage point's rows in a unit, in the order of time, and the events among them."""

    number: int
    pooled: bool
    rows: Ints
    """Their positions in the unit …"""
    start: Ints
    end: Ints
    ok: Ints
    blocked: Ints
    total: Ints
    """… and how many successes there were up to and with each."""
    kept: dict[int, float] = field(default_factory=dict)
    """Own rows after a silence that makes knowledge stale, and the part of the old evidence that remains."""
    events: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """Own rows that failed or came after such a silence."""

    @classmethod
    def of(
        cls, number: int, pooled: bool, rows: Ints, columns: tuple[Ints, Ints, Ints, Ints], settings: DetectorSettings
    ) -> Track:
        """From the positions of its rows, and their columns start, end, ok and blocked."""
        start, end, ok, blocked = (column[rows] for column in columns)
        total = np.cumsum(ok, dtype=np.int64)
        track = cls(number=number, pooled=pooled, rows=rows, start=start, end=end, ok=ok, blocked=blocked, total=total)
        silence = start[1:] - end[:-1]
        stale = np.flatnonzero(silence > length(settings.gap)) + 1
        if len(stale):
            beyond = (silence[stale - 1] - length(settings.gap)) / length(settings.gap_half_life)
            track.kept = dict(zip(stale.tolist(), (0.5**beyond).tolist(), strict=True))
            track.events = np.union1d(np.flatnonzero(blocked), stale)
        else:
            track.events = np.flatnonzero(blocked)
        return track

    def seen_ok(self, own: Ints) -> Ints:
        """When a success was last seen before each of these own rows; `NEVER` where there was none."""
        good = np.flatnonzero(self.ok)
        if not len(good):
            return np.full(len(own), NEVER)
        # Of a row with both, a success may have been the first thing.
        times = np.where(self.blocked[good] > 0, self.start[good], self.end[good])
        before = good.searchsorted(own)
        return np.where(before > 0, times[before - 1], NEVER)

    def before(self, position: int) -> int:
        """How many own rows lie before a position of the unit or at it."""
        return int(self.rows.searchsorted(position, side="right"))

    def successes(self, count: int) -> int:
        """How many successes there are in the first `count` own rows."""
        return int(self.total[count - 1]) if count else 0


def levels(track: Track, changes: Floats, settings: DetectorSettings) -> tuple[Floats, Floats]:
    """Page's sum before and after each event, had nothing ever been reset, forgotten or capped: never less than what it
    really is."""
    events = track.events
    own = track.ok[events]
    after = track.total[events]
    quiet = np.diff(after - own, prepend=0)
    quiet[1:] -= own[:-1]
    steps = np.empty(2 * len(events))
    steps[0::2] = success(settings) * quiet
    steps[1::2] = changes
    sums = np.cumsum(steps)
    sums -= np.minimum.accumulate(np.minimum(sums, 0.0))
    return sums[0::2], sums[1::2]


def earliest(track: Track, settings: DetectorSettings) -> Ints:
    """For each event, since when a block that shows there may have been going on: the last time that the target was
    known to be ok.

    After a silence, "it was ok" has to be earned anew with as many nats as an alarm needs; a block that shows before
    that may have begun in the silence.
    """
    found = track.seen_ok(track.events)
    if not track.kept:
        return found
    seen = found.tolist()
    gained = -success(settings)
    unsettled: float | None = None
    before_gap = NEVER
    counted = 0
    rows, after = track.events.tolist(), track.total[track.events].tolist()
    own, blocked = track.ok[track.events].tolist(), track.blocked[track.events].tolist()
    for index, row in enumerate(rows):
        if unsettled is not None:
            unsettled = _earned(unsettled, gained * (after[index] - own[index] - counted), settings)
        if row in track.kept:
            before_gap = seen[index] if unsettled is None else before_gap
            unsettled = 0.0
        if unsettled is not None and blocked[index]:
            found[index] = before_gap
            unsettled = max(0.0, unsettled - blocked[index] * settings.recovery_failure)
        elif unsettled is not None:
            unsettled = _earned(unsettled, gained * own[index], settings)
        counted = after[index]
    return found


def _earned(unsettled: float, nats: float, settings: DetectorSettings) -> float | None:
    return None if unsettled + nats >= settings.alarm else unsettled + nats


def relief(track: Track, count: int, since: int, settings: DetectorSettings) -> float:
    """The mirrored sum after the first `count` own rows: evidence that a block is over, from zero at the position
    `since` of the unit.

    A success adds, a failure takes away, both within limits. Such steps, put one after the other, are again a step
    within limits; going back, soon all beginnings lead to the same end.
    """
    cap = settings.pooled_alarm if track.pooled else settings.recovery_cap
    gained = -success(settings)
    slope, shift, low, high = 1.0, 0.0, 0.0, cap
    for own in range(count - 1, -1, -1):
        if track.rows[own] <= since or low == high:
            break
        failed = int(track.blocked[own])
        kept = track.kept.get(own, 1.0)
        change = -failed * settings.recovery_failure if failed else gained * int(track.ok[own])
        low, high = _within(shift, low, high), _within(slope * cap + shift, low, high)
        shift += slope * change
        slope *= kept
    return _within(shift, low, high)


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))

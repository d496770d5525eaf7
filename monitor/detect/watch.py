"""One watch over a unit: alternately for an alarm and for a recovery, looking only where something can have happened.

An alarm needs vantage points whose sums stand above zero together, so only stretches in which they could reach the
threshold are walked through, failure by failure. A recovery needs quiet, so only the pauses between failures are.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median_low
from typing import NamedTuple

import numpy as np

from monitor.detect.cusum import NEVER, Track, earliest, levels, relief, settled
from monitor.detect.increment import failures, success
from monitor.detect.series import Floats, Ints, Small, length, moment
from monitor.detect.settings import DetectorSettings
from monitor.model import Interval

_SLACK = 1e-6
"""Nats by which a bound that was added up in another order may fall short."""
_BATCH = 64
"""Events that are looked at in one go where most questions are answered by the first few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a unit that say something, in the order of time."""

    start: Ints
    end: Ints
    ok: Small
    blocked: Small
    vantage: Small
    evidence: Small
    failing: Ints
    """Positions of those that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What one watch saw: a stretch of blocking."""

    onset: Interval
    alarm: datetime
    score: float
    accusers: frozenset[int]
    end: Interval | None


class Event(NamedTuple):
    """A row at which a sum does more than fall by one success."""

    row: int
    track: int
    change: float
    """Nats that it adds."""
    kept: float
    failed: int
    own: int
    after: int
    """Successes in it, and of the vantage point up to and with it."""
    earliest: int
    latest: int
    """If a block shows here first: when it can have begun."""


@dataclass(slots=True)
class Level:
    """A vantage point's sum while an alarm may be near."""

    nats: float = 0.0
    counted: int = 0
    """Successes that are in it."""
    failures: int = 0
    onset: tuple[int, int] | None = None

    def rest(self, successes: int, fall: float) -> float:
        """What is left of it after so many successes in all."""
        return settled(self.nats + fall * (successes - self.counted)) if self.nats else 0.0

    def take(self, event: Event, fall: float) -> None:
        """Take in an event."""
        self._set(self.rest(event.after - event.own, fall))
        self._set(settled(self.nats * event.kept))
        if event.failed and not self.nats and event.change > 0:
            self.onset = event.earliest, event.latest
        self._set(settled(self.nats + event.change), event.failed)
        self.counted = event.after

    def _set(self, nats: float, failed: int = 0) -> None:
        self.nats = nats
        self.failures = self.failures + failed if nats else 0
        self.onset = self.onset if nats else None


@dataclass(slots=True, kw_only=True)
class Watch:
    """The rows of a unit under one set of thresholds."""

    rows: Rows
    tracks: Sequence[Track]
    settings: DetectorSettings
    changes: list[Floats]
    """Per track, what each event adds."""
    before: list[Floats]
    peaks: list[Floats]
    """Per track, the sum before and after each event, at most."""
    begun: dict[int, Ints] = field(default_factory=dict)
    """By track, since when a block that shows at each event may have gone on, as far as anybody asked."""

    @classmethod
    def of(cls, rows: Rows, tracks: Sequence[Track], nulls: Floats, settings: DetectorSettings) -> Watch:
        """Work out what each event adds, and how high each vantage point's sum can have stood."""
        fall = success(settings)
        evidence, blocked = rows.evidence[rows.failing], rows.blocked[rows.failing]
        adds = np.zeros(len(rows.start))
        adds[rows.failing] = blocked * failures(nulls, evidence, settings)
        watch = cls(rows=rows, tracks=tracks, settings=settings, changes=[], before=[], peaks=[])
        for track in tracks:
            change = adds[track.rows[track.events]] + fall * track.ok[track.events]
            below, above = levels(track, change, settings)
            watch.changes.append(change)
            watch.before.append(below)
            watch.peaks.append(above)
        return watch

    def blocks(self) -> Iterator[Block]:
        """Every block that this watch sees, one after the other; the last one may have no end."""
        done = -1
        for first, last in self._stretches():
            begin = max(first, done + 1)
            while begin <= last:
                alarm = self._alarm(begin, last)
                if alarm is None:
                    break
                row, standing = alarm
                closed = self._recovery(row)
                yield self._block(row, standing, closed)
                if closed is None:
                    return
                done, begin = closed, closed + 1

    def _possible(self) -> bool:
        ours = self.settings
        peaks = [float(peak.max()) if len(peak) else 0.0 for peak in self.peaks]
        together = sum(min(peak, ours.quorum_cap) for peak in peaks)
        alone = any(peak >= self._alone(track) - _SLACK for peak, track in zip(peaks, self.tracks, strict=True))
        return alone or together >= ours.alarm - _SLACK

    def _alone(self, track: Track) -> float:
        return self.settings.alarm if track.pooled else self.settings.lone_alarm

    def _stretches(self) -> Iterator[tuple[int, int]]:
        """Stretches of rows, begun by a failure while all sums stand at zero, in which an alarm is possible."""
        if not self._possible():
            return
        ours = self.settings
        highest: dict[int, float] = {}
        first, last = 0, -1
        live = sorted(each for index in range(len(self.tracks)) for each in self._live(index))
        for begin, end, index, peak in [*live, (len(self.rows.start), 0, -1, 0.0)]:
            if begin > last:
                together = sum(min(each, ours.quorum_cap) for each in highest.values())
                alone = any(each >= self._alone(self.tracks[track]) - _SLACK for track, each in highest.items())
                if alone or together >= ours.alarm - _SLACK:
                    yield first, last
                first, last, highest = begin, end, {}
            last = max(last, end)
            highest[index] = max(peak, highest.get(index, 0.0))

    def _live(self, index: int) -> Iterator[tuple[int, int, int, float]]:
        """Where a vantage point's sum can have stood above zero: first row, last row, the track, the highest nats."""
        track, before, peaks = self.tracks[index], self.before[index], self.peaks[index]
        starts = np.flatnonzero((before <= 0.0) & (peaks > 0.0))
        if not len(starts):
            return
        last = np.append(starts[1:], len(peaks)) - 1
        highest = np.maximum.reduceat(peaks, starts)
        needed = np.ceil(peaks[last] / -success(self.settings)).astype(np.int64)
        over = track.total.searchsorted(track.total[track.events[last]] + needed)
        rows = self.rows.start
        silent = int(rows.searchsorted(track.end[-1] + length(self.settings.gap), side="right")) - 1
        ends = np.where(over < len(track.rows), track.rows[np.minimum(over, len(track.rows) - 1)], silent)
        begins = track.rows[track.events[starts]]
        yield from zip(begins.tolist(), ends.tolist(), [index] * len(starts), highest.tolist(), strict=True)

    def _alarm(self, first: int, last: int) -> tuple[int, list[Level]] | None:
        """The first row from `first` to `last` that raises the alarm, and where the sums stand there."""
        ours, fall = self.settings, success(self.settings)
        standing = [Level() for _ in self.tracks]
        for event in self._between(first, last):
            level = standing[event.track]
            level.take(event, fall)
            if not event.failed:
                continue
            alone = level.nats >= self._alone(self.tracks[event.track]) and level.failures >= ours.lone_failures
            if alone or self._together(event, standing):
                return event.row, [self._now(each, index, event.row) for index, each in enumerate(standing)]
        return None

    def _together(self, event: Event, standing: Sequence[Level]) -> bool:
        ours = self.settings
        if sum(min(level.nats, ours.quorum_cap) for level in standing) < ours.alarm:
            return False
        now = int(self.rows.end[event.row])
        total = 0.0
        for index, level in enumerate(standing):
            if level.nats and (index == event.track or self._seen(index, event.row, now, length(ours.gap))):
                total += min(self._now(level, index, event.row).nats, ours.quorum_cap)
        return total >= ours.alarm

    def _now(self, level: Level, index: int, row: int) -> Level:
        """A sum as it stands at a row, the successes up to there taken off."""
        track = self.tracks[index]
        nats = level.rest(track.successes(track.before(row)), success(self.settings))
        return Level(nats, track.successes(track.before(row)), level.failures, level.onset if nats else None)

    def _seen(self, index: int, row: int, now: int, within: int) -> bool:
        """Whether a vantage point was seen within so long before `now`, up to a row."""
        track = self.tracks[index]
        count = track.before(row)
        return count > 0 and now - int(track.end[count - 1]) <= within

    def _between(self, first: int, last: int) -> Iterator[Event]:
        """The events of all vantage points from one row to another, in the order of rows."""
        found = []
        for index, track in enumerate(self.tracks):
            rows = track.rows[track.events]
            begin, end = int(rows.searchsorted(first)), int(rows.searchsorted(last, side="right"))
            found.append(self._events_of(index, begin, end))
        # Most stretches end with an early alarm: rows are merged as they are asked for.
        yield from _merged(found)

    def _events_of(self, index: int, begin: int, end: int) -> Iterator[Event]:
        """A vantage point's events by their numbers, made as they are asked for: most questions need only a few."""
        track, begun = self.tracks[index], self._begun(index)
        for batch in range(begin, end, _BATCH):
            part = slice(batch, min(end, batch + _BATCH))
            own = track.events[part]
            # A row with both does not tell what came first: the interval is as wide as it can have been.
            latest = np.where(track.ok[own] > 0, track.end[own], track.start[own])
            columns = (
                track.rows[own], self.changes[index][part], track.blocked[own], track.ok[own], track.total[own],
                begun[part], latest,
            )  # fmt: skip
            kept = [track.kept.get(place, 1.0) for place in own.tolist()]
            rows = zip(*(column.tolist() for column in columns), strict=True)
            for (row, change, failed, ok, after, first, last), rest in zip(rows, kept, strict=True):
                yield Event(row, index, change, rest, int(failed), int(ok), after, first, last)

    def _begun(self, index: int) -> Ints:
        if index not in self.begun:
            self.begun[index] = earliest(self.tracks[index], self.settings)
        return self.begun[index]

    def _recovery(self, alarm: int) -> int | None:
        """The row at which the block that an alarm told of is over; None while it lasts."""
        rows, quiet = self.rows, length(self.settings.quiet)
        first = int(rows.failing.searchsorted(alarm))
        failing = rows.failing[first:]
        until = np.append(failing[1:], len(rows.start))
        calm = np.maximum.accumulate(rows.end[rows.failing])[first:] + quiet
        # Rows of several measurements may end later than those that began after them.
        latest = rows.end if rows.end is rows.start else np.maximum.accumulate(rows.end)
        for pause in np.flatnonzero(latest[until - 1] >= calm).tolist():
            after = np.arange(failing[pause] + 1, until[pause])
            for row in after[rows.end[after] >= calm[pause]].tolist():
                if self._recovered(row, alarm):
                    return int(row)
        return None

    def _recovered(self, row: int, alarm: int) -> bool:
        ours, now = self.settings, int(self.rows.end[row])
        voting = [index for index in range(len(self.tracks)) if self._seen(index, row, now, length(ours.active))]
        said = [relief(self.tracks[index], self.tracks[index].before(row), alarm, ours) for index in voting]
        if all(self.tracks[index].pooled for index in voting):
            return sum(said) >= ours.alarm
        needed = min(ours.recovery_base * max(1.0, ours.recovery_share * len(voting)), ours.recovery_each * len(voting))
        return sum(min(each, ours.recovery_cap) for each in said) >= needed

    def _block(self, alarm: int, standing: Sequence[Level], closed: int | None) -> Block:
        now = int(self.rows.end[alarm])
        last = len(self.rows.start) - 1 if closed is None else closed
        highest = [self._highest(index, level, alarm, last) for index, level in enumerate(standing)]
        accusers = frozenset(index for index, nats in enumerate(highest) if nats >= self.settings.accuser)
        if not accusers:  # many vantage points, each with very little
            accusers = frozenset(index for index, level in enumerate(standing) if level.nats)
        return Block(
            onset=self._onset(standing, alarm, now),
            alarm=moment(now),
            score=sum(min(nats, self.settings.lone_alarm) for nats in highest),
            accusers=frozenset(self.tracks[index].number for index in accusers),
            end=None if closed is None else self._end(accusers, closed),
        )

    def _highest(self, index: int, level: Level, alarm: int, last: int) -> float:
        """How high a vantage point's sum stood at the alarm or at a failure after it, as far as that matters."""
        ours, fall = self.settings, success(self.settings)
        level, highest, track = replace(level), level.nats, self.tracks[index]
        rows = track.rows[track.events]
        begin, end = int(rows.searchsorted(alarm, side="right")), int(rows.searchsorted(last, side="right"))
        for event in self._events_of(index, begin, end):
            if highest >= ours.lone_alarm:
                break
            level.take(event, fall)
            highest = max(highest, level.nats)
        return highest

    def _onset(self, standing: Sequence[Level], alarm: int, now: int) -> Interval:
        """That of the earliest vantage point which is near to the median: one early stray failure dates nothing."""
        gap = length(self.settings.gap)
        onsets = [
            level.onset
            for index, level in enumerate(standing)
            if level.onset is not None and self._seen(index, alarm, now, gap)
        ]
        middle = median_low(latest for _, latest in onsets)
        spread = length(self.settings.onset_spread)
        near = [onset for onset in onsets if abs(onset[1] - middle) <= spread]
        first = min(near, key=lambda onset: (onset[1], onset[1] if onset[0] == NEVER else onset[0]))
        return None if first[0] == NEVER else moment(first[0]), moment(first[1])

    def _end(self, accusers: frozenset[int], closed: int) -> Interval:
        """[last seen blocked, first seen ok afterwards by all who said that it was blocked and still report]."""
        failed, better = [], []
        for index in accusers:
            track = self.tracks[index]
            count = track.before(closed)
            last = int(np.flatnonzero(track.blocked[:count])[-1])
            failed.append(int(track.end[last]))
            if last + 1 < count:
                better.append(int(track.start[last + 1]))
        last_failure = max(failed)
        seen = [first for first in better if first >= last_failure]
        return moment(last_failure), moment(max(seen, default=max(int(self.rows.end[closed]), last_failure)))


def _merged(streams: Sequence[Iterator[Event]]) -> Iterator[Event]:
    """Events of several vantage points in the order of their rows."""
    return heapq.merge(*streams)

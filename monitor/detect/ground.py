"""What a watch stands on: a unit's rows and vantage points, and what each event adds under one set of thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from monitor.detect.cusum import Track, earliest, levels
from monitor.detect.increment import experiments, failures, success
from monitor.detect.series import Floats, Ints, Small
from monitor.detect.settings import DetectorSettings

_BATCH = 64
"""Events that are made in one go: most questions are answered by the first few."""


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
    decisive: Small | None = None
    """Experiments beside each of those that failed; None where nobody makes any."""


class Event(NamedTuple):
    """A row at which a sum does more than fall by one success."""

    row: int
    track: int
    change: float
    """Nats that it adds."""
    kept: float
    """Part of the old evidence that is left at it."""
    failed: int
    own: int
    after: int
    """Successes in it, and of the vantage point up to and with it."""
    earliest: int
    latest: int
    """If a block shows here first: when it can have begun."""


@dataclass(slots=True, kw_only=True)
class Ground:
    """A unit under one set of thresholds."""

    rows: Rows
    tracks: Sequence[Track]
    settings: DetectorSettings
    fall: float
    """Nats that one success adds: less than nothing."""
    changes: list[Floats] = field(default_factory=list)
    """Per track, what each event adds."""
    before: list[Floats] = field(default_factory=list)
    peaks: list[Floats] = field(default_factory=list)
    """Per track, how high its sum can have stood before and after each event."""
    begun: dict[int, Ints] = field(default_factory=dict)
    """By track, since when a block that shows at each event may have gone on, as far as anybody asked."""

    @classmethod
    def of(cls, rows: Rows, tracks: Sequence[Track], nulls: Floats, settings: DetectorSettings) -> Ground:
        """Work out what each event adds, from how probable each failure was without a block."""
        adds = np.zeros(len(rows.start))
        failed = rows.blocked[rows.failing]
        adds[rows.failing] = failed * failures(nulls, rows.evidence[rows.failing], settings)
        if rows.decisive is not None:
            adds[rows.failing] += experiments(failed, rows.decisive, settings)
        ground = cls(rows=rows, tracks=tracks, settings=settings, fall=success(settings))
        for track in tracks:
            change = adds[track.rows[track.events]] + ground.fall * track.ok[track.events]
            before, peaks = levels(track, change, settings)
            ground.changes.append(change)
            ground.before.append(before)
            ground.peaks.append(peaks)
        return ground

    def alone(self, index: int) -> float:
        """What a vantage point needs to raise the alarm alone."""
        return self.settings.pooled_alarm if self.tracks[index].pooled else self.settings.lone_alarm

    def seen(self, index: int, row: int, within: int) -> bool:
        """Whether, at a row, a vantage point had been seen within so many microseconds."""
        track = self.tracks[index]
        count = track.before(row)
        return count > 0 and int(self.rows.end[row]) - int(track.end[count - 1]) <= within

    def events(self, index: int, first: int, last: int) -> Iterator[Event]:
        """A vantage point's events from one row of the unit to another."""
        track, begun = self.tracks[index], self._begun(index)
        rows = track.rows[track.events]
        begin, end = int(rows.searchsorted(first)), int(rows.searchsorted(last, side="right"))
        for batch in range(begin, end, _BATCH):
            part = slice(batch, min(end, batch + _BATCH))
            own = track.events[part]
            # A row with both does not tell what came first: the interval is as wide as it can have been.
            latest = np.where(track.ok[own] > 0, track.end[own], track.start[own])
            columns = (
                rows[part], self.changes[index][part], track.blocked[own], track.ok[own], track.total[own], begun[part],
                latest,
            )  # fmt: skip
            kept = [track.kept.get(place, 1.0) for place in own.tolist()]
            told = zip(*(column.tolist() for column in columns), kept, strict=True)
            for row, change, failed, ok, after, early, late, rest in told:
                yield Event(row, index, change, rest, int(failed), int(ok), after, early, late)

    def _begun(self, index: int) -> Ints:
        if index not in self.begun:
            self.begun[index] = earliest(self.tracks[index], self.settings)
        return self.begun[index]

"""What a full look leaves behind, so that the next one has to look only where something can have changed.

Nothing here decides anything. It keeps an upper bound of every sum and the rows' newest times; where new rows cannot
have raised or ended an alarm by these bounds, the last answer still holds. Everywhere else the unit is looked at from
scratch. Rows that come late, or a memory that was lost, cost a full look and change no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.detect.ground import Ground
from monitor.detect.increment import experiments, most, success
from monitor.detect.null import Null
from monitor.detect.series import Floats, Ints, Series, Small, length
from monitor.detect.settings import DetectorSettings
from monitor.detect.unit import Span, nulls_of, speaking, tracks_of, walk

_LONG_AGO = -(2**62)
"""A time before all others, from which a distance can still be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """New rows of many units at once; a track is one vantage point on one unit, numbered as in `Memory.tracks`."""

    track: Ints
    time: Ints
    ok: Small
    blocked: Small
    decisive: Small | None = None
    """Experiments beside the failures; None where nobody makes any."""


@dataclass(slots=True, kw_only=True)
class Memory:
    """Bounds of a fleet's units, in the order in which these were given."""

    settings: tuple[DetectorSettings, DetectorSettings]
    """Of the watch for full blocks and of that for leaky ones."""
    unit: Ints
    """Per track, its unit."""
    tracks: dict[tuple[int, int], int]
    """Unit and number of the vantage point in it -> track."""
    bounds: Floats
    """Per watch and track, how high its sum can stand."""
    alone: Floats
    """Per watch and track, what raises the alarm alone."""
    newest: Ints
    last_failure: Ints
    """Per unit; long ago where nothing ever failed."""
    open_since: Ints
    """Per unit, the alarm of a block that lasts; 0 where there is none."""
    looked: Ints
    """Per unit, its newest time when it was looked at."""
    answers: list[tuple[Span, ...]]

    @classmethod
    def of(cls, units: Sequence[Series], null: Null, settings: DetectorSettings) -> Memory:
        """Look at everything once."""
        sizes = [len(unit.vantages) for unit in units]
        count, watches = sum(sizes), (settings, settings.leaky())
        tracks = {
            pair: track
            for track, pair in enumerate((unit, own) for unit, size in enumerate(sizes) for own in range(size))
        }
        pooled = np.array([flag for unit in units for flag in unit.pooled or (False,) * len(unit.vantages)], bool)
        memory = cls(
            settings=watches,
            unit=np.repeat(np.arange(len(units)), sizes),
            tracks=tracks,
            bounds=np.zeros((2, count)),
            alone=np.array([np.where(pooled, each.pooled_alarm, each.lone_alarm) for each in watches]),
            newest=np.zeros(count, np.int64),
            last_failure=np.full(len(units), _LONG_AGO),
            open_since=np.zeros(len(units), np.int64),
            looked=np.zeros(len(units), np.int64),
            answers=[()] * len(units),
        )
        for number, unit in enumerate(units):
            memory.look(number, unit, null)
        return memory

    def look(self, number: int, series: Series, null: Null) -> tuple[Span, ...]:
        """Look at a unit from scratch, and remember what the next look needs."""
        ours = self.settings[0]
        spans = walk(series, null, ours)
        self.answers[number] = spans
        rows = speaking(series)
        tracks = tracks_of(rows, series, ours)
        nulls = nulls_of(rows, tracks, series, null)
        for watch, settings in enumerate(self.settings):
            ground = Ground.of(rows, tracks, nulls, settings)
            for index, track in enumerate(tracks):
                self.bounds[watch, self.tracks[number, track.number]] = _standing(ground, index)
        for track in tracks:
            self.newest[self.tracks[number, track.number]] = track.start[-1]
        if len(rows.failing):
            self.last_failure[number] = rows.end[rows.failing].max()
        lasting = [span for span in spans if span.end is None]
        self.open_since[number] = _microseconds(lasting[0]) if lasting else 0
        self.looked[number] = series.end[-1] if len(series) else 0
        return spans

    def changed(self, news: News) -> Ints:
        """The units of which new rows can have changed the answer; these are to be looked at again with all their
        rows, and the others' bounds are brought up to date."""
        size, units = len(self.unit), len(self.answers)
        ok = np.bincount(news.track, news.ok, size)
        failed = np.bincount(news.track, news.blocked, size)
        due = np.zeros(units, bool)
        due[self.unit[news.track[news.time <= self.newest[news.track]]]] = True
        due |= self._raised(ok, failed, self._shown(news))
        due |= self._calmed(news)
        np.maximum.at(self.newest, news.track, news.time)
        failing = news.blocked > 0
        np.maximum.at(self.last_failure, self.unit[news.track[failing]], news.time[failing])
        return np.flatnonzero(due)

    def _shown(self, news: News) -> Floats | float:
        """Nats that experiments add, per track."""
        if news.decisive is None:
            return 0.0
        nats = experiments(news.blocked, news.decisive, self.settings[0])
        return np.asarray(np.bincount(news.track, nats, len(self.unit)), np.float64)

    def _raised(self, ok: Small, failed: Small, shown: Floats | float) -> NDArray[np.bool_]:
        """Units whose sums can have reached the alarm: at most as if all failures had come last."""
        units = len(self.answers)
        found = np.zeros(units, bool)
        some = np.bincount(self.unit, failed, units) > 0
        for watch, settings in enumerate(self.settings):
            gained = settings.failure_cap * failed + shown
            highest = self.bounds[watch] + gained
            together = np.bincount(self.unit, np.minimum(highest, settings.quorum_cap), units) >= settings.alarm - 1e-6
            together[self.unit[highest >= self.alone[watch] - 1e-6]] = True
            found |= together & some & (self.open_since == 0)
            ceiling = self.alone[watch] + most(settings)
            kept = np.maximum(0.0, self.bounds[watch] + success(settings) * ok)
            self.bounds[watch] = np.minimum(kept + gained, ceiling)
        return found

    def _calmed(self, news: News) -> NDArray[np.bool_]:
        """Units with a block that can be over, and those whose block has lasted twice as long as at the last look: of
        these there is more to tell."""
        quiet = length(self.settings[0].quiet)
        unit = self.unit[news.track]
        calm = np.zeros(len(self.answers), bool)
        calm[unit[(news.ok > 0) & (news.time - self.last_failure[unit] >= quiet)]] = True
        lasted = np.zeros(len(self.answers), np.int64)
        np.maximum.at(lasted, unit, news.time - self.open_since[unit])
        grown = lasted >= 2 * (self.looked - self.open_since)
        return (self.open_since > 0) & (calm | grown)


def _standing(ground: Ground, index: int) -> float:
    """How high a vantage point's sum can stand after its last row."""
    track, peaks = ground.tracks[index], ground.peaks[index]
    if not len(peaks):
        return 0.0
    since = int(track.total[-1] - track.total[track.events[-1]])
    ceiling = ground.alone(index) + most(ground.settings)
    return max(0.0, min(float(peaks[-1]) + ground.fall * since, ceiling))


def _microseconds(span: Span) -> int:
    return round(span.alarm.timestamp() * 1e6)

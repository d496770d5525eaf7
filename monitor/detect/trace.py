"""The statistic over time, for people who want to see why: what each measurement added, and how high the sums stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.detect.cusum import relief
from monitor.detect.ground import Event, Ground
from monitor.detect.level import Level
from monitor.detect.null import Null
from monitor.detect.series import EVIDENCE, Series, moment
from monitor.detect.settings import DetectorSettings
from monitor.detect.unit import nulls_of, speaking, tracks_of
from monitor.detect.watch import Block, blocks
from monitor.model import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measurement (or one cell of several) and where the sums stood after it; evidence in nats."""

    time: datetime
    vantage: str
    ok: int
    failed: int
    evidence: Evidence
    p0: float | None
    """How probable such a failure was without a block; None of successes."""
    added: float
    level: float
    """The vantage point's own sum."""
    total: float
    """The unit's: each vantage point with at most the cap."""
    recovery: float | None
    """Evidence that the block is over; None while there is none."""
    witnesses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The statistic of one target on one network, under the watch for full blocks or the one for leaky blocks."""

    target: str
    network: str
    leaky: bool
    alarm: float
    alone: float
    """The thresholds: for the sum, and for a vantage point by itself."""
    points: tuple[Point, ...]
    blocks: tuple[tuple[datetime, datetime, datetime | None], ...]
    """First failure, alarm and, where there is one, the latest time at which the block ended."""

    def between(self, first: datetime, last: datetime | None) -> Trace:
        """The part of it in a stretch of time; without `last`, up to its end."""
        points = tuple(each for each in self.points if first <= each.time and (last is None or each.time <= last))
        seen = tuple(
            block for block in self.blocks if (block[2] or first) >= first and (last is None or block[0] <= last)
        )
        return replace(self, points=points, blocks=seen)

    def movers(self, count: int) -> tuple[Point, ...]:
        """The measurements that moved the sums most, in the order of time."""
        ranked = sorted(self.points, key=lambda point: (-abs(point.added), point.time))[:count]
        return tuple(sorted(ranked, key=lambda point: (point.time, point.vantage)))


def trace(series: Series, null: Null, settings: DetectorSettings) -> Trace:
    """Walk a unit row by row, as detection would if it had the time.

    The watch for leaky blocks is shown where it alone sees something.
    """
    strict = _traced(series, null, settings, leaky=False)
    if strict.blocks:
        return strict
    leaky = _traced(series, null, settings.leaky(), leaky=True)
    return leaky if leaky.blocks else strict


def _traced(series: Series, null: Null, settings: DetectorSettings, *, leaky: bool) -> Trace:
    rows = speaking(series)
    tracks = tracks_of(rows, series, settings)
    nulls = nulls_of(rows, tracks, series, null)
    ground = Ground.of(rows, tracks, nulls, settings)
    seen = tuple(blocks(ground))
    chances = dict(zip(rows.failing.tolist(), nulls.tolist(), strict=True))
    return Trace(
        target=series.target,
        network=series.network,
        leaky=leaky,
        alarm=settings.alarm,
        alone=settings.lone_alarm,
        points=_points(series, ground, seen, chances),
        blocks=tuple((block.onset[1], block.alarm, block.end[1] if block.end else None) for block in seen),
    )


def _points(series: Series, ground: Ground, seen: Sequence[Block], chances: dict[int, float]) -> tuple[Point, ...]:
    rows, last = ground.rows, len(ground.rows.start) - 1
    events = {event.row: event for index in range(len(ground.tracks)) for event in ground.events(index, 0, last)}
    index_of = {track.number: index for index, track in enumerate(ground.tracks)}
    standing = [Level() for _ in ground.tracks]
    counted = [0] * len(ground.tracks)
    ours, pending, alarm = ground.settings, [*seen], -1
    said = _said(series)
    points = []
    for row in range(last + 1):
        index = index_of[int(rows.vantage[row])]
        counted[index] += int(rows.ok[row])
        added = _take(standing[index], events.get(row), int(rows.ok[row]), ground.fall)
        levels = [each.rest(counted[number], ground.fall) for number, each in enumerate(standing)]
        if alarm < 0 and pending and row == pending[0].row:
            alarm = row
        points.append(
            Point(
                time=moment(rows.end[row]),
                vantage=series.vantages[int(rows.vantage[row])],
                ok=int(rows.ok[row]),
                failed=int(rows.blocked[row]),
                evidence=EVIDENCE[int(rows.evidence[row])],
                p0=chances.get(row),
                added=added,
                level=levels[index],
                total=sum(min(each, ours.quorum_cap) for each in levels),
                recovery=None if alarm < 0 else _recovery(ground, row, alarm),
                witnesses=series.witnesses(said[row]) if series.witnesses else (),
            )
        )
        if alarm >= 0 and row == pending[0].closed:
            standing, alarm = [Level() for _ in ground.tracks], -1
            pending.pop(0)
    return tuple(points)


def _take(level: Level, event: Event | None, ok: int, fall: float) -> float:
    if event is None:
        return fall * ok
    level.take(event, fall)
    return event.change


def _recovery(ground: Ground, row: int, alarm: int) -> float:
    return sum(relief(track, track.before(row), alarm, ground.settings) for track in ground.tracks)


def _said(series: Series) -> list[int]:
    """The positions in the series of the rows that say something."""
    rows: list[int] = ((series.ok != 0) | (series.blocked != 0)).nonzero()[0].tolist()
    return rows

"""One watch over a unit: alternately for an alarm and for a recovery, looking only where something can have happened.

An alarm needs vantage points whose sums stand above zero together, so only stretches in which they could reach the
threshold are walked through, failure by failure. A recovery needs quiet, so only the pauses between failures are.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median_low

from monitor.detect.cusum import NEVER
from monitor.detect.ground import Event, Ground
from monitor.detect.level import Level
from monitor.detect.recovery import ended, recovery
from monitor.detect.series import length, moment
from monitor.detect.stretch import stretches
from monitor.model import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What one watch saw: a stretch of blocking."""

    onset: Interval
    alarm: datetime
    score: float
    """Nats of all vantage points, each at its highest and with the lone threshold at most."""
    accusers: frozenset[int]
    """Numbers of the vantage points that stand behind it."""
    end: Interval | None
    row: int
    """The row that raised the alarm …"""
    closed: int | None
    """… and the one that ended it."""


def blocks(ground: Ground) -> Iterator[Block]:
    """Every block that a watch sees, one after the other; the last one may have no end."""
    done = -1
    for first, last in stretches(ground):
        begin = max(first, done + 1)
        while begin <= last:
            raised = _alarm(ground, begin, last)
            if raised is None:
                break
            row, standing = raised
            closed = recovery(ground, row)
            yield _block(ground, row, standing, closed)
            if closed is None:
                return
            done, begin = closed, closed + 1


def _alarm(ground: Ground, first: int, last: int) -> tuple[int, list[Level]] | None:
    """The first row of these that raises the alarm, and where the sums stand there; all of them begin at zero."""
    standing = [Level() for _ in ground.tracks]
    events = (ground.events(index, first, last) for index in range(len(ground.tracks)))
    for event in heapq.merge(*events):
        level = standing[event.track]
        level.take(event, ground.fall)
        if event.failed and (_alone(ground, level, event) or _together(ground, standing, event)):
            return event.row, [_now(ground, each, index, event.row) for index, each in enumerate(standing)]
    return None


def _alone(ground: Ground, level: Level, event: Event) -> bool:
    return level.nats >= ground.alone(event.track) and level.failures >= ground.settings.lone_failures


def _together(ground: Ground, standing: Sequence[Level], event: Event) -> bool:
    ours = ground.settings
    if sum(min(level.nats, ours.quorum_cap) for level in standing) < ours.alarm:
        return False
    recent = [index for index, level in enumerate(standing) if level.nats and _recent(ground, index, event.row)]
    return (
        sum(min(_now(ground, standing[each], each, event.row).nats, ours.quorum_cap) for each in recent) >= ours.alarm
    )


def _recent(ground: Ground, index: int, row: int) -> bool:
    return ground.seen(index, row, length(ground.settings.gap))


def _now(ground: Ground, level: Level, index: int, row: int) -> Level:
    """A sum as it stands at a row, the successes up to there taken off."""
    track = ground.tracks[index]
    successes = track.successes(track.before(row))
    nats = level.rest(successes, ground.fall)
    return Level(nats, successes, level.failures, level.onset if nats else None)


def _block(ground: Ground, alarm: int, standing: Sequence[Level], closed: int | None) -> Block:
    ours, last = ground.settings, len(ground.rows.start) - 1 if closed is None else closed
    highest = [_highest(ground, index, level, alarm, last) for index, level in enumerate(standing)]
    accusers = frozenset(index for index, nats in enumerate(highest) if nats >= ours.accuser)
    if not accusers:  # many vantage points, each with very little
        accusers = frozenset(index for index, level in enumerate(standing) if level.nats)
    return Block(
        onset=_onset(ground, standing, alarm),
        alarm=moment(ground.rows.end[alarm]),
        score=sum(min(nats, ours.lone_alarm) for nats in highest),
        accusers=frozenset(ground.tracks[index].number for index in accusers),
        end=None if closed is None else ended(ground, accusers, closed),
        row=alarm,
        closed=closed,
    )


def _highest(ground: Ground, index: int, level: Level, alarm: int, last: int) -> float:
    """How high a vantage point's sum stood at the alarm or at a failure after it, as far as that matters."""
    standing, highest = replace(level), level.nats
    for event in ground.events(index, alarm + 1, last):
        if highest >= ground.settings.lone_alarm:
            break
        standing.take(event, ground.fall)
        highest = max(highest, standing.nats)
    return highest


def _onset(ground: Ground, standing: Sequence[Level], alarm: int) -> Interval:
    """That of the earliest vantage point which is near to the median: one early stray failure dates nothing."""
    onsets = [
        level.onset for index, level in enumerate(standing) if level.onset is not None and _recent(ground, index, alarm)
    ]
    middle = median_low(latest for _, latest in onsets)
    near = [onset for onset in onsets if abs(onset[1] - middle) <= length(ground.settings.onset_spread)]
    first = min(near, key=lambda onset: (onset[1], onset[1] if onset[0] == NEVER else onset[0]))
    return None if first[0] == NEVER else moment(first[0]), moment(first[1])

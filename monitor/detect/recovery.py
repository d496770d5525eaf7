"""When a block is over: the mirror image of the alarm, looked for only in the pauses between failures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from monitor.detect.cusum import relief
from monitor.detect.ground import Ground
from monitor.detect.series import length, moment
from monitor.model import Interval


def recovery(ground: Ground, alarm: int) -> int | None:
    """The row at which the block is over that the alarm at a row told of; None while it lasts."""
    return next((row for row in _quiet(ground, alarm) if _recovered(ground, row, alarm)), None)


def ended(ground: Ground, accusers: frozenset[int], closed: int) -> Interval:
    """[last seen blocked, first seen ok afterwards by all who said that it was blocked and still report]."""
    failed, better = [], []
    for index in accusers:
        track = ground.tracks[index]
        count = track.before(closed)
        last = int(np.flatnonzero(track.blocked[:count])[-1])
        failed.append(int(track.end[last]))
        if last + 1 < count:
            better.append(int(track.start[last + 1]))
    last_failure = max(failed)
    seen = [first for first in better if first >= last_failure]
    return moment(last_failure), moment(max(seen, default=max(int(ground.rows.end[closed]), last_failure)))


def _quiet(ground: Ground, alarm: int) -> Iterator[int]:
    """Rows of successes after an alarm at which nothing in the unit has failed for long enough."""
    rows, quiet = ground.rows, length(ground.settings.quiet)
    first = int(rows.failing.searchsorted(alarm))
    failing = rows.failing[first:]
    until = np.append(failing[1:], len(rows.start))
    calm = np.maximum.accumulate(rows.end[rows.failing])[first:] + quiet
    # Rows of several measurements may end later than those that began after them.
    latest = rows.end if rows.end is rows.start else np.maximum.accumulate(rows.end)
    for pause in np.flatnonzero(latest[until - 1] >= calm).tolist():
        after = np.arange(failing[pause] + 1, until[pause])
        yield from after[rows.end[after] >= calm[pause]].tolist()


def _recovered(ground: Ground, row: int, alarm: int) -> bool:
    ours = ground.settings
    voting = [index for index in range(len(ground.tracks)) if ground.seen(index, row, length(ours.active))]
    said = [relief(ground.tracks[index], ground.tracks[index].before(row), alarm, ours) for index in voting]
    if all(ground.tracks[index].pooled for index in voting):
        return sum(said) >= ours.pooled_alarm
    needed = min(ours.recovery_base * max(1.0, ours.recovery_share * len(voting)), ours.recovery_each * len(voting))
    return sum(min(each, ours.recovery_cap) for each in said) >= needed

"""Where an alarm is possible: stretches in which the vantage points' sums can have stood high enough together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from monitor.detect.ground import Ground
from monitor.detect.series import length

_SLACK = 1e-6
"""Nats by which a bound that was added up in another order may fall short."""


def stretches(ground: Ground) -> Iterator[tuple[int, int]]:
    """First and last row of each, in the order of time; each begins with a failure, while all sums stand at zero."""
    if not _enough({index: float(peak.max(initial=0.0)) for index, peak in enumerate(ground.peaks)}, ground):
        return
    highest: dict[int, float] = {}
    first, last = 0, -1
    live = sorted(each for index in range(len(ground.tracks)) for each in _live(ground, index))
    for begin, end, index, peak in [*live, (len(ground.rows.start), 0, -1, 0.0)]:
        if begin > last:
            if _enough(highest, ground):
                yield first, last
            first, last, highest = begin, end, {}
        last = max(last, end)
        highest[index] = max(peak, highest.get(index, 0.0))


def _enough(highest: Mapping[int, float], ground: Ground) -> bool:
    """Whether sums of these heights, all at one time, raise the alarm."""
    ours = ground.settings
    if sum(min(peak, ours.quorum_cap) for peak in highest.values()) >= ours.alarm - _SLACK:
        return True
    return any(peak >= ground.alone(index) - _SLACK for index, peak in highest.items())


def _live(ground: Ground, index: int) -> Iterator[tuple[int, int, int, float]]:
    """Where a vantage point's sum can have stood above zero: first row, last row, who, and the highest nats."""
    track, peaks = ground.tracks[index], ground.peaks[index]
    starts = np.flatnonzero((ground.before[index] <= 0.0) & (peaks > 0.0))
    if not len(starts):
        return
    last = np.append(starts[1:], len(peaks)) - 1
    highest = np.maximum.reduceat(peaks, starts)
    needed = np.ceil(peaks[last] / -ground.fall).astype(np.int64)
    over = track.total.searchsorted(track.total[track.events[last]] + needed)
    # Who falls silent is forgotten after a while, however high the sum stood.
    silent = int(ground.rows.start.searchsorted(track.end[-1] + length(ground.settings.gap), side="right")) - 1
    ends = np.where(over < len(track.rows), track.rows[np.minimum(over, len(track.rows) - 1)], silent)
    begins = track.rows[track.events[starts]]
    yield from zip(begins.tolist(), ends.tolist(), [index] * len(starts), highest.tolist(), strict=True)

"""How fast an answer came, and whether it stood still: what a visit's own bytes tell of throttling."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

EXTREME = 0.1
"""A ratio of goodput up to this is no accident of the line (techniques.md, throttling)."""
FROZEN = range(8 * 1024, 28 * 1024)
"""Bytes after which a connection stands still under "freeze" blocking: 15-20 KB were seen in Russia in 2025, and our
count includes headers and what a window had in flight."""
_POINTS = 4
"""Arrivals that make a course."""
_GAP = 0.5
"""Share of the time after which a pause between bytes is a stop. A prober that is busy makes pauses of its own …"""
_END = 0.3
"""… but a pause at the end is what a stop looks like, and may be no longer than this share."""
_STILL = 0.5
"""Share of the time that a transfer which stands still has stood still."""
_WITNESSES = 2
"""Controls whose transfers are compared: one may have a cache beside it."""


def frozen(arrivals: Sequence[tuple[float, int]], lasted: float) -> bool:
    """Whether a transfer of `lasted` seconds stopped for good within the first kilobytes, and not merely came slowly.

    >>> frozen([(0.1, 9000), (0.2, 16000)], 10.0), frozen([(0.1, 9000), (9.0, 16000)], 10.0)
    (True, False)
    """
    if not arrivals:
        return False
    stopped, received = arrivals[-1]
    return received in FROZEN and lasted - stopped >= _STILL * lasted


def trickled(arrivals: Sequence[tuple[float, int]], lasted: float) -> bool:
    """Whether bytes kept coming for at least half of the `lasted` seconds and up to their end, without a long pause.

    >>> trickled([(second, 4000 * second) for second in range(1, 10)], 10.0)
    True
    >>> trickled([(1, 4000), (2, 8000), (3, 12000), (4, 16000)], 10.0)
    False
    """
    moments = [*(moment for moment, _ in arrivals), lasted]
    pauses = (after - before for before, after in pairwise(moments))
    if len(arrivals) < _POINTS or moments[0] > lasted / 2:
        return False
    return max(pauses) <= _GAP * lasted and lasted - arrivals[-1][0] <= _END * lasted


def far_slower(arrivals: Sequence[tuple[float, int]], lasted: float, others: Sequence[float]) -> bool:
    """Whether what came in `lasted` seconds is at most a tenth of the goodput (bytes a second) of several others.

    >>> far_slower([(1.0, 4000), (2.0, 8000)], 2.0, [90_000.0, 120_000.0]), far_slower([(1.0, 4000)], 1.0, [90_000.0])
    (True, False)
    """
    if len(others) < _WITNESSES or not arrivals or lasted <= 0:
        return False
    return arrivals[-1][1] / lasted <= EXTREME * median(others)

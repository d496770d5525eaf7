"""A histogram that one event loop writes and any thread may read."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: from a resolver next door to the longest limit of a step; Prometheus' client libraries use these, too."""


class Histogram:
    """Counts of seconds by upper bound, and their sum.

    >>> seen = Histogram()
    >>> seen.observe(0.3)
    >>> seen.cumulative()[5:8], seen.total
    ([('0.25', 0), ('0.5', 1), ('1.0', 1)], 0.3)
    """

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """One more."""
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def cumulative(self) -> list[tuple[str, int]]:
        """Per upper bound, as Prometheus writes it, how many were at most that long."""
        return list(zip((*map(str, BOUNDS), "+Inf"), accumulate(self._counts), strict=True))

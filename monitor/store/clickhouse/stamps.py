"""Numbers that only grow, from the clock: the order of arrival, and of judging again."""

from __future__ import annotations

import threading

from monitor.store.times import microseconds
from probes.model import Clock


class Stamps:
    """Gives each number once. State: the last one that was given."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._last = clock, 0
        self._gate = threading.Lock()

    def take(self, count: int) -> range:
        """So many numbers, after all before them."""
        with self._gate:
            first = max(microseconds(self._clock()), self._last + 1)
            self._last = first + count
        return range(first, first + count)

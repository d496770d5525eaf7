"""A vantage point's sum while an alarm may be near, event by event."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.detect.cusum import settled
from monitor.detect.ground import Event


@dataclass(slots=True)
class Level:
    """Page's sum, in nats: the last time it stood at zero is the best estimate of the onset."""

    nats: float = 0.0
    counted: int = 0
    """Successes of the vantage point that are in it."""
    failures: int = 0
    onset: tuple[int, int] | None = None
    """Since it last left zero: when a block can have begun, at the earliest and at the latest."""

    def rest(self, successes: int, fall: float) -> float:
        """What is left of it after so many successes in all.

        >>> Level(5.0, counted=10).rest(11, -2.3), Level(5.0, counted=10).rest(13, -2.3)
        (2.7, 0.0)
        """
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

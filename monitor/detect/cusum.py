"""The CUSUM of one vantage point on one target: evidence for a block on one side, for its end on the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.detect.increment import failure, success
from monitor.detect.settings import DetectorSettings
from monitor.model import Cell, Interval

_ZERO = 0.05
"""Nats below which a decayed sum is nothing: less than a fortieth of one success."""


@dataclass(slots=True)
class Stream:
    """The running state of one vantage point; it is fed cells in the order of time, and only looks back.

    `level` is Page's sum, in nats: a success takes 2.3 away, down to zero; the last time it stood at zero is the best
    estimate of the onset. `relief` is its mirror image. After a silence longer than `gap` old evidence fades, and
    "it was ok" has to be earned anew with as many nats as an alarm needs: a block that shows before that may have
    begun in the gap.
    """

    vantage: str
    pooled: bool
    settings: DetectorSettings
    level: float = 0.0
    failures: int = 0
    onset: Interval | None = None
    """Since the level last left zero: [last seen ok, first failure]."""
    relief: float = 0.0
    last_seen: datetime | None = None
    last_ok: datetime | None = None
    last_failure: datetime | None = None
    first_ok: datetime | None = None
    """The first success after the last failure."""
    unsettled: float | None = None
    """Nats earned since the last gap; None where it is settled that the target was ok."""
    ok_before_gap: datetime | None = None

    def succeed(self, cell: Cell) -> None:
        """Take in a cell of successes only."""
        self._age(cell.start)
        self.last_seen = self.last_ok = cell.end
        self.first_ok = self.first_ok or cell.start
        gained = -success(self.settings) * cell.ok
        self._gain(gained)
        if self.level:
            self._set(self.level - gained)

    def fail(self, cell: Cell, p0: float) -> None:
        """Take in a cell with failures, which happen with probability `p0` where nobody blocks."""
        self._age(cell.start)
        change = cell.blocked * failure(p0, cell.evidence, self.settings) + cell.ok * success(self.settings)
        if self.level == 0 and change > 0:
            # A mixed cell does not tell what came first: the interval is as wide as it can have been.
            self.onset = self._seen_ok(), cell.end if cell.ok else cell.start
        self._set(self.level + change, failed=cell.blocked)
        self._lose(cell.blocked * self.settings.recovery_failure)
        self.last_seen = self.last_failure = cell.end
        self.first_ok = None
        if cell.ok:
            self.last_ok = max(self.last_ok or cell.start, cell.start)

    def reset(self) -> None:
        """Begin anew after a block has ended; what was seen when is kept."""
        self._set(0.0)
        self.relief = 0.0

    def _age(self, now: datetime) -> None:
        ours = self.settings
        silence = now - (self.last_seen or now)
        if silence <= ours.gap:
            return
        kept = 0.5 ** ((silence - ours.gap) / ours.gap_half_life)
        self._set(self.level * kept)
        self.relief *= kept
        if self.unsettled is None:
            self.ok_before_gap = self.last_ok
        self.unsettled = 0.0

    def _seen_ok(self) -> datetime | None:
        return self.last_ok if self.unsettled is None else self.ok_before_gap

    def _set(self, level: float, failed: int = 0) -> None:
        self.level = level if level > _ZERO else 0.0
        self.failures = self.failures + failed if self.level else 0
        self.onset = self.onset if self.level else None

    def _gain(self, nats: float) -> None:
        ours = self.settings
        self.relief = min(ours.alarm if self.pooled else ours.recovery_cap, self.relief + nats)
        if self.unsettled is not None:
            self.unsettled = None if self.unsettled + nats >= ours.alarm else self.unsettled + nats

    def _lose(self, nats: float) -> None:
        self.relief = max(0.0, self.relief - nats)
        if self.unsettled is not None:
            self.unsettled = max(0.0, self.unsettled - nats)

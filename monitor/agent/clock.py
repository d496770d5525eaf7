"""Two clocks beside one another: the wall's, which may be wrong and may jump, and the machine's steady one.

A comparison says what the collector's clock showed at a moment of the steady clock. From it the offset of any other
moment of the same boot follows, also of one a week ago, before somebody set the wall clock right.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import uuid4

from monitor.wire import ClockReading

DRIFT = 100e-6
"""How much faster or slower a computer's steady clock may run: quartz is within 50 parts in a million, twice that."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One moment on both clocks: `steady` seconds since the `boot` (its random id), and the wall's time."""

    boot: str
    steady: float
    wall: datetime


Moments = Callable[[], Moment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the collector's clock showed (seconds since 1970) at a moment of the steady clock, and how exactly."""

    boot: str
    steady: float
    collector: float
    within: float

    def now(self, moment: Moment) -> datetime:
        """The collector's time at a moment of the same boot."""
        return datetime.fromtimestamp(self.collector + moment.steady - self.steady, UTC)

    def reading(self, moment: Moment) -> ClockReading:
        """How far the wall clock was ahead at a moment; unknown for another boot.

        >>> noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
        >>> known = Comparison(boot="a", steady=1000.0, collector=noon.timestamp(), within=0.6)
        >>> known.reading(Moment(boot="a", steady=400.0, wall=noon))  # ten minutes before, and it showed noon already
        ClockReading(offset=600.0, within=0.66)
        >>> known.reading(Moment(boot="b", steady=400.0, wall=noon)).offset is None
        True
        """
        if moment.boot != self.boot:
            return ClockReading()
        offset = moment.wall.timestamp() - (self.collector + moment.steady - self.steady)
        within = self.within + DRIFT * abs(moment.steady - self.steady)
        return ClockReading(offset=round(offset, 3), within=round(within, 3))


def compared(date: str, before: Moment, after: Moment) -> Comparison | None:
    """The comparison that an answer's Date allows; None where there is none, or it is no date.

    A Date counts whole seconds, so half of one is added and is what it can be wrong by, beside half the round trip.

    >>> first = Moment(boot="a", steady=10.0, wall=datetime.now(UTC))
    >>> later = Moment(boot="a", steady=10.2, wall=datetime.now(UTC))
    >>> compared("Tue, 24 Nov 2026 12:00:00 GMT", first, later)
    Comparison(boot='a', steady=10.1, collector=1795521600.5, within=0.6)
    """
    try:
        told = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    if told.tzinfo is None or before.boot != after.boot:
        return None
    half = (after.steady - before.steady) / 2
    return Comparison(
        boot=before.boot, steady=before.steady + half, collector=told.timestamp() + 0.5, within=round(0.5 + half, 3)
    )


def moments() -> Moments:
    """The machine's own clocks; the steady one goes on while it sleeps (Linux CLOCK_BOOTTIME)."""
    try:
        boot = _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        boot = uuid4().hex  # no Linux: what was before this process cannot be compared
    steady = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return lambda: Moment(boot=boot, steady=time.clock_gettime(steady), wall=datetime.now(UTC))

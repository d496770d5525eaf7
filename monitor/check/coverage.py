"""On how much data a check rests: the days a claim speaks of, and what was measured on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from monitor.check.interval import DAY, Window
from monitor.model import Cell, Claim, Day
from probes.model import Role

POWER = 6
"""Measurements that came out ok or blocked which a `no` needs: an hour of ten-minute probes. Our choice: under a block
that makes nine in ten fail, six that come out ok are one chance in a million."""
DAYS = 0.5
"""Share of a claim's days that must have data for a `no` (ours): a block may hide in the days nobody measured."""
OPEN = 0.9
"""Share of ok among ok and blocked from which a target counts as reachable; below, blocks may be on some networks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What was measured of a claim's target, country and networks on the claim's days."""

    asked: int = 0
    covered: int = 0
    ok: int = 0
    blocked: int = 0
    down: int = 0

    @property
    def measurements(self) -> int:
        """All that were judged; `insufficient` ones are none."""
        return self.ok + self.blocked + self.down

    @property
    def powerful(self) -> bool:
        """Whether a block on these days would have been seen: enough measurements, on enough of the days."""
        return self.ok + self.blocked >= POWER and self.covered >= DAYS * self.asked

    @property
    def reachable(self) -> bool:
        """Whether it was seen, with power, that the target could be reached."""
        return self.powerful and self.mostly_ok

    @property
    def mostly_ok(self) -> bool:
        """Whether nearly all that came out ok or blocked was ok; with nothing measured, no."""
        return bool(self.ok) and self.ok >= OPEN * (self.ok + self.blocked)


def dates(window: Window, now: datetime) -> frozenset[date]:
    """The UTC days whose noon lies in the window, up to now: so each local day of Bishkek is one day, not two halves.

    A window without any noon asks for the days that it touches.

    >>> window = datetime(2023, 9, 11, 18, tzinfo=UTC), datetime(2023, 9, 13, 18, tzinfo=UTC)
    >>> [str(day) for day in sorted(dates(window, datetime(2024, 1, 1, tzinfo=UTC)))]
    ['2023-09-12', '2023-09-13']
    """
    start, end = window[0], min(window[1], now)
    if start >= end:
        return frozenset()
    first, last = start.astimezone(UTC).date(), (end - timedelta(microseconds=1)).astimezone(UTC).date()
    touched = [first + timedelta(days=n) for n in range((last - first) // DAY + 1)]
    middle = [day for day in touched if start <= datetime.combine(day, time(12), UTC) < end]
    return frozenset(middle or touched)


def measured(days: Iterable[Day], asked: Collection[date]) -> Coverage:
    """What the days' counts say of the dates that were asked for."""
    rows = [day for day in days if day.day in asked and day.ok + day.blocked + day.down]
    return Coverage(
        asked=len(asked),
        covered=len({day.day for day in rows}),
        ok=sum(day.ok for day in rows),
        blocked=sum(day.blocked for day in rows),
        down=sum(day.down for day in rows),
    )


def by_target(days: Iterable[Day]) -> dict[tuple[str, str], list[Day]]:
    """The days of each target in each country."""
    found: dict[tuple[str, str], list[Day]] = {}
    for day in days:
        found.setdefault((day.target, day.country), []).append(day)
    return found


def about(days: Iterable[Day], claim: Claim) -> tuple[Day, ...]:
    """The days of a claim's target, in its country, on the networks that it names or on all."""
    return tuple(
        day
        for day in days
        if (day.target, day.country) == (claim.target, claim.country)
        and (not claim.networks or day.network in claim.networks)
    )


def folded(cells: Iterable[Cell]) -> tuple[Day, ...]:
    """Imported cells as days, each under the day on which it starts: controls and innocuous targets are left out.

    >>> moment = datetime(2026, 1, 20, 5, tzinfo=UTC)
    >>> cell = Cell(target="x", country="UG", network="AS20294", vantage="ooni", start=moment, end=moment, blocked=2)
    >>> [(str(day.day), day.blocked) for day in folded([cell, cell])]
    [('2026-01-20', 2), ('2026-01-20', 2)]
    """
    return tuple(
        Day(
            target=cell.target,
            country=cell.country,
            network=cell.network,
            day=cell.start.astimezone(UTC).date(),
            ok=cell.ok,
            down=cell.down,
            blocked=cell.blocked,
            insufficient=cell.insufficient,
        )
        for cell in cells
        if cell.role is Role.VANTAGE and not cell.innocuous
    )

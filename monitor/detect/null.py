"""How often a measurement would fail here and now without any block: the null hypothesis, which changes with time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from statistics import median
from typing import TypeAlias

from monitor.detect.settings import DetectorSettings
from monitor.model import Cell
from probes.model import Role

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Tallies: TypeAlias = dict[int, dict[str, tuple[int, int]]]
"""Step of the baseline -> target -> (failures, measurements)."""


@dataclass(frozen=True, slots=True)
class Record:
    """Failures and measurements of a group over time, as running totals; built from rows that are ordered by time."""

    times: tuple[datetime, ...]
    failed: tuple[int, ...]
    asked: tuple[int, ...]

    @classmethod
    def of(cls, rows: Iterable[tuple[datetime, int, int]]) -> Record:
        """From (time, failures, measurements) in any order.

        >>> Record.of([]).failed
        (0,)
        """
        ordered = sorted(rows)
        failed = tuple(accumulate((row[1] for row in ordered), initial=0))
        asked = tuple(accumulate((row[2] for row in ordered), initial=0))
        return cls(tuple(row[0] for row in ordered), failed, asked)

    def rate(self, until: datetime, window: timedelta, prior: tuple[float, float]) -> float:
        """Posterior mean of the failure rate in the `window` that ends at `until`, from a prior (mean, strength)."""
        first, last = bisect_left(self.times, until - window), bisect_right(self.times, until)
        mean, strength = prior
        failed, asked = self.failed[last] - self.failed[first], self.asked[last] - self.asked[first]
        return (failed + mean * strength) / (asked + strength)


_NOTHING = Record.of([])


@dataclass(slots=True)
class Null:
    """What controls, innocuous targets and the vantage points' own past say; asked per target, vantage point and time.

    It looks back only, so that later data never changes an earlier answer.
    """

    settings: DetectorSettings
    controls: dict[str, Record]
    innocuous: dict[str, Record]
    past: dict[str, _Tallies]
    known: dict[tuple[str, int], dict[str, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, cells: Iterable[Cell], settings: DetectorSettings) -> Null:
        """The null that all these cells imply, whatever their order."""
        controls, innocuous = defaultdict(list), defaultdict(list)
        past: dict[str, _Tallies] = {}
        for cell in cells:
            row = cell.end, cell.blocked + cell.down, cell.ok + cell.blocked + cell.down
            if cell.role is Role.CONTROL:
                controls[cell.target].append(row)
                continue
            if cell.innocuous:
                innocuous[cell.vantage].append(row)
            _add(past.setdefault(cell.vantage, {}), (cell.end - _EPOCH) // settings.baseline_step, cell)
        return cls(
            settings,
            {target: Record.of(rows) for target, rows in controls.items()},
            {vantage: Record.of(rows) for vantage, rows in innocuous.items()},
            past,
        )

    def probability(self, target: str, vantage: str, time: datetime) -> float:
        """p0: that a measurement fails although nobody blocks, from three independent reasons to fail."""
        ours = self.settings
        line = self.baseline(target, vantage, time)
        site = self.controls.get(target, _NOTHING).rate(time, ours.controls_window, ours.controls_prior)
        here = self.innocuous.get(vantage, _NOTHING).rate(time, ours.innocuous_window, ours.innocuous_prior)
        lowest, highest = ours.null_range
        return min(highest, max(lowest, 1 - (1 - line) * (1 - site) * (1 - here)))

    def baseline(self, target: str, vantage: str, time: datetime) -> float:
        """The vantage point's usual failure rate: the median over its other targets, of the days before this one."""
        ours = self.settings
        rates = self._rates(vantage, (time - _EPOCH) // ours.baseline_step)
        others = [rate for other, rate in rates.items() if other != target]
        if len(others) < ours.baseline_peers:
            return ours.baseline_floor
        return min(ours.baseline_ceiling, max(ours.baseline_floor, median(others)))

    def _rates(self, vantage: str, step: int) -> dict[str, float]:
        if (vantage, step) not in self.known:
            past, back = self.past.get(vantage, {}), self.settings.baseline_window // self.settings.baseline_step
            self.known[vantage, step] = _sum(past[day] for day in range(step - back, step) if day in past)
        return self.known[vantage, step]


def _add(tallies: _Tallies, step: int, cell: Cell) -> None:
    day = tallies.setdefault(step, {})
    failed, asked = day.get(cell.target, (0, 0))
    day[cell.target] = failed + cell.blocked, asked + cell.ok + cell.blocked


def _sum(days: Iterable[dict[str, tuple[int, int]]]) -> dict[str, float]:
    total: dict[str, tuple[int, int]] = {}
    for day in days:
        for target, (failed, asked) in day.items():
            before = total.get(target, (0, 0))
            total[target] = before[0] + failed, before[1] + asked
    return {target: failed / asked for target, (failed, asked) in total.items() if asked}

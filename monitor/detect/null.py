"""How often a measurement would fail here and now without any block: the null hypothesis, which changes with time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

import numpy as np

from monitor.detect.series import Floats, Ints, Series, length, series_of, stamp
from monitor.detect.settings import DetectorSettings
from monitor.model import Cell
from probes.model import Role


@dataclass(frozen=True, slots=True)
class Record:
    """Failures and measurements of a group over time, as running totals in the order of time."""

    times: Ints
    failed: Ints
    asked: Ints

    @classmethod
    def of(cls, parts: Sequence[tuple[Ints, Ints, Ints]]) -> Record:
        """From (times, failures, measurements) of several series, whatever their order.

        >>> Record.of([]).failed.tolist()
        [0]
        """
        times, failed, asked = (
            np.concatenate([part[column] for part in parts]) if parts else np.zeros(0, np.int64) for column in range(3)
        )
        order = np.argsort(times, kind="stable")
        totals = (np.concatenate([[0], np.cumsum(each[order], dtype=np.int64)]) for each in (failed, asked))
        return cls(times[order], *totals)

    def rate(self, until: Ints, window: timedelta, prior: tuple[float, float]) -> Floats:
        """Posterior mean of the failure rate in the `window` that ends at each time, from a prior (mean, strength)."""
        first = self.times.searchsorted(until - length(window))
        last = self.times.searchsorted(until, side="right")
        mean, strength = prior
        failed, asked = self.failed[last] - self.failed[first], self.asked[last] - self.asked[first]
        return np.asarray((failed + mean * strength) / (asked + strength), np.float64)


_NOTHING = Record.of([])


@dataclass(slots=True)
class Past:
    """Failures and measurements of one vantage point per step of the baseline and target."""

    parts: list[tuple[str, Ints, Ints, Ints]] = field(default_factory=list)
    """(target, steps, failures, measurements)."""

    def baselines(self, asked: Ints, settings: DetectorSettings) -> Baselines:
        """The usual failure rate beside each target, at the steps that are asked for and at all that have data: the
        median over the others, of the steps before."""
        targets = tuple(sorted({target for target, *_ in self.parts}))
        steps = np.unique(np.concatenate([asked, *(part[1] for part in self.parts)]))
        counts = np.zeros((2, len(targets), len(steps) + 1))
        for target, when, failures, measurements in self.parts:
            columns = steps.searchsorted(when) + 1
            row = targets.index(target)
            np.add.at(counts[0, row], columns, failures)
            np.add.at(counts[1, row], columns, measurements)
        totals = counts.cumsum(axis=2)
        first = steps.searchsorted(steps - settings.baseline_window // settings.baseline_step)
        lately = totals[:, :, : len(steps)] - totals[:, :, first]
        rates = np.divide(lately[0], lately[1], out=np.full(lately[1].shape, np.nan), where=lately[1] > 0)
        return Baselines({target: row for row, target in enumerate(targets)}, steps, _beside(rates, settings))


@dataclass(frozen=True, slots=True)
class Baselines:
    """A vantage point's usual failure rates: a row per target, and one more for any other; a column per step."""

    rows: dict[str, int]
    steps: Ints
    rates: Floats

    def at(self, target: str, steps: Ints) -> Floats | None:
        """The rates for a target; None where they were not worked out for all of these steps."""
        columns = np.minimum(self.steps.searchsorted(steps), len(self.steps) - 1)
        if not np.array_equal(self.steps[columns], steps):
            return None
        return np.asarray(self.rates[self.rows.get(target, -1), columns], np.float64)


def _beside(rates: Floats, settings: DetectorSettings) -> Floats:
    """For each row, and for a row that is none of them, the median of the others; nan stands for no data."""
    rows, columns = rates.shape
    order = np.argsort(rates, axis=0)
    rank = np.vstack([np.argsort(order, axis=0), np.full((1, columns), rows)])
    ordered = np.vstack([np.take_along_axis(rates, order, axis=0), np.full((1, columns), np.nan)])
    known = (~np.isnan(rates)).sum(axis=0)
    others = known - (rank < known)

    def nth(index: Ints) -> Floats:
        place = np.clip(index + (index >= rank), 0, rows)
        return np.asarray(np.take_along_axis(ordered, place, axis=0), np.float64)

    median = (nth((others - 1) // 2) + nth(others // 2)) / 2
    usual = np.clip(median, settings.baseline_floor, settings.baseline_ceiling)
    return np.where(others < settings.baseline_peers, settings.baseline_floor, usual)


@dataclass(slots=True)
class Null:
    """What controls, innocuous targets and the vantage points' own past say; asked per target, vantage point and time.

    It looks back only, so that later data never changes an earlier answer.
    """

    settings: DetectorSettings
    controls: dict[str, Record]
    innocuous: dict[str, Record]
    past: dict[str, Past]
    known: dict[str, Baselines] = field(default_factory=dict)

    @classmethod
    def of(cls, cells: Iterable[Cell], settings: DetectorSettings) -> Self:
        """The null that all these cells imply, whatever their order."""
        return cls.among(series_of(cells), settings)

    @classmethod
    def among(cls, series: Iterable[Series], settings: DetectorSettings) -> Self:
        """The null that all these series imply."""
        controls: dict[str, list[tuple[Ints, Ints, Ints]]] = defaultdict(list)
        innocuous: dict[str, list[tuple[Ints, Ints, Ints]]] = defaultdict(list)
        past: dict[str, Past] = defaultdict(Past)
        for each in series:
            if each.role is Role.CONTROL:
                controls[each.target].append(_asked(each))
                continue
            if each.innocuous:
                for number, vantage in enumerate(each.vantages):
                    own = each.vantage == number
                    innocuous[vantage].append(tuple(column[own] for column in _asked(each)))
            _remember(past, each, length(settings.baseline_step))
        return cls(
            settings,
            {target: Record.of(parts) for target, parts in controls.items()},
            {vantage: Record.of(parts) for vantage, parts in innocuous.items()},
            dict(past),
        )

    def hear(self, series: Iterable[Series]) -> None:
        """Take all rows of a target's controls, or of a vantage point's innocuous targets, for the older ones."""
        heard = Null.among([each for each in series if each.role is Role.CONTROL or each.innocuous], self.settings)
        self.controls |= heard.controls
        self.innocuous |= heard.innocuous

    def probability(self, target: str, vantage: str, time: datetime) -> float:
        """p0: that a measurement fails although nobody blocks, from three independent reasons to fail."""
        return float(self.probabilities(target, vantage, np.array([stamp(time)]))[0])

    def probabilities(self, target: str, vantage: str, times: Ints) -> Floats:
        """p0 of one target at one vantage point at many times."""
        ours = self.settings
        line = self._baseline(target, vantage, times // length(ours.baseline_step))
        site = self.controls.get(target, _NOTHING).rate(times, ours.controls_window, ours.controls_prior)
        here = self.innocuous.get(vantage, _NOTHING).rate(times, ours.innocuous_window, ours.innocuous_prior)
        return np.clip(1 - (1 - line) * (1 - site) * (1 - here), *ours.null_range)

    def _baseline(self, target: str, vantage: str, steps: Ints) -> Floats | float:
        if vantage not in self.past:
            return self.settings.baseline_floor
        known = self.known.get(vantage)
        rates = None if known is None else known.at(target, steps)
        if rates is None:
            self.known[vantage] = self.past[vantage].baselines(steps, self.settings)
            rates = self.known[vantage].at(target, steps)
            assert rates is not None
        return rates


def _asked(series: Series) -> tuple[Ints, Ints, Ints]:
    failed = np.add(series.blocked, series.down, dtype=np.int64)
    return series.end, failed, failed + series.ok


def _remember(past: dict[str, Past], series: Series, step: int) -> None:
    """Add a series' failures and measurements per step to its vantage points' past."""
    if not len(series):
        return
    steps = series.end // step
    first = int(steps.min())
    span = int(steps.max()) - first + 1
    if span > 4 * len(steps) + 64:  # a few rows from long ago
        kept, place = np.unique(steps, return_inverse=True)
    else:
        kept, place = np.arange(first, first + span), steps - first
    cells = series.vantage.astype(np.int64) * len(kept) + place
    shape = len(series.vantages), len(kept)
    size = shape[0] * shape[1]
    failed = np.bincount(cells, series.blocked, size).reshape(shape).astype(np.int64)
    asked = failed + np.bincount(cells, series.ok, size).reshape(shape).astype(np.int64)
    for number, vantage in enumerate(series.vantages):
        seen = asked[number] > 0
        past[vantage].parts.append((series.target, kept[seen], failed[number][seen], asked[number][seen]))

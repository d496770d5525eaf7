"""Other people's detectors, written anew from their descriptions, for the same cells and the same table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

from monitor.evaluate.baselines.ooni import cusum, score
from monitor.evaluate.baselines.pelt import available, pelt
from monitor.evaluate.baselines.ratio import ratio
from monitor.evaluate.baselines.streak import streak
from monitor.evaluate.found import Detector, Found, Unit, Units
from monitor.model import Cell

__all__ = ["baselines", "cusum", "score"]

_PerUnit: TypeAlias = Callable[[Unit, Sequence[Cell]], Sequence[Found]]


def baselines(cadence: timedelta) -> Mapping[str, Detector]:
    """Every baseline by its name in the table; PELT only where `ruptures` is installed."""
    hour = timedelta(hours=1)
    found: dict[str, Detector] = {
        "3 in a row": lambda units: _each(units, lambda unit, cells: streak(unit, cells, gated=False)),
        "3 in a row, gated": lambda units: _each(units, lambda unit, cells: streak(unit, cells, gated=True)),
        "IODA-like ratio": lambda units: _each(units, lambda unit, cells: ratio(unit, cells, 2 * cadence)),
        "OONI CUSUM, hourly": lambda units: _each(units, lambda unit, cells: cusum(unit, cells, hour, score)),
        "OONI CUSUM, at cadence": lambda units: _each(units, lambda unit, cells: cusum(unit, cells, cadence, score)),
    }
    if available():
        found["PELT hourly, offline"] = lambda units: _each(units, pelt)
    return found


def _each(units: Units, detector: _PerUnit) -> list[Found]:
    return [found for unit, cells in units.items() for found in detector(unit, cells)]

"""PELT (Killick, Fearnhead and Eckley 2012), offline over hourly failure rates; needs the package `ruptures`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from statistics import fmean

from monitor.evaluate.found import Found, Unit
from monitor.evaluate.series import bins
from monitor.model import Cell

_PENALTY = 0.6
"""Cost of a change in squared error: two hours of a full block pay for two changes (own choice, development seeds)."""
_HOUR = timedelta(hours=1)


def available() -> bool:
    """Whether `ruptures` and NumPy are installed."""
    return find_spec("ruptures") is not None and find_spec("numpy") is not None


def pelt(unit: Unit, cells: Sequence[Cell]) -> list[Found]:
    """Segments of which more than half of the measurements are blocked; it sees the whole series before it speaks."""
    series = [(time, fmean(values)) for time, values in bins(cells, _HOUR, _failure)]
    if len(series) < 3:
        return []
    signal = import_module("numpy").array([[rate] for _, rate in series])
    ends = import_module("ruptures").Pelt(model="l2", min_size=1, jump=1).fit(signal).predict(pen=_PENALTY)
    found: list[Found] = []
    for first, last in pairwise([0, *ends]):
        if fmean(rate for _, rate in series[first:last]) <= 0.5:
            continue
        end = series[last][0] if last < len(series) else None
        onset, told = series[first][0], series[-1][0]
        if found and found[-1].end == onset:
            onset = found.pop().onset
        found.append(Found(target=unit[0], network=unit[1], onset=onset, told=told, end=end, alert=f"{unit} {onset}"))
    return found


def _failure(cell: Cell) -> float | None:
    return cell.blocked / (cell.ok + cell.blocked) if cell.ok or cell.blocked else None

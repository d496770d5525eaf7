"""Like IODA's alerts: the share of successes now, beside the median of the last seven days."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.evaluate.found import Found, Unit
from monitor.evaluate.series import bins
from monitor.model import Cell

_HISTORY = timedelta(days=7)
_NEEDED = 36
"""Bins of history before anything can be unusual (own choice)."""
_CRITICAL = 0.5
"""Below this part of the median it is an alert (IODA's order of magnitude; its exact fractions differ by source)."""


def ratio(unit: Unit, cells: Sequence[Cell], width: timedelta) -> list[Found]:
    """Stretches in which fewer than half as many measurements succeed as usual; sick and site-down ones left out."""
    found: list[Found] = []
    history: deque[tuple[datetime, float]] = deque()
    ordered: list[float] = []
    low = False
    for time, values in bins(cells, width, _success):
        now = sum(values) / len(values)
        while history and time - history[0][0] > _HISTORY:
            ordered.remove(history.popleft()[1])
        usual = ordered[len(ordered) // 2] if len(ordered) >= _NEEDED else 0.0
        if now < _CRITICAL * usual and not low:
            found.append(Found(target=unit[0], network=unit[1], onset=time, told=time + width, alert=f"{unit} {time}"))
        elif low and not now < _CRITICAL * usual:
            found[-1] = _ended(found[-1], time)
        low = now < _CRITICAL * usual
        history.append((time, now))
        insort(ordered, now)
    return found


def _success(cell: Cell) -> float | None:
    return cell.ok / (cell.ok + cell.blocked) if cell.ok or cell.blocked else None


def _ended(found: Found, end: datetime) -> Found:
    return Found(
        target=found.target, network=found.network, onset=found.onset, told=found.told, end=end, alert=found.alert
    )

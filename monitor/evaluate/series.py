"""Regular series from cells: one number per stretch of time with data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from monitor.model import Cell

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bins(
    cells: Iterable[Cell], width: timedelta, value: Callable[[Cell], float | None]
) -> list[tuple[datetime, list[float]]]:
    """The values of the cells per stretch of `width`, in the order of time; stretches without a value do not exist."""
    found: dict[int, list[float]] = {}
    for cell in cells:
        number = value(cell)
        if number is not None:
            found.setdefault((cell.end - _EPOCH) // width, []).append(number)
    return [(_EPOCH + index * width, found[index]) for index in sorted(found)]

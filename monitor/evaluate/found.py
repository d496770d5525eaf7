"""What any detector says, in one form: a stretch of blocking on one network, and when it could have been told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from monitor.model import Cell
from probes.model import Role

Unit: TypeAlias = tuple[str, str]
"""Target and network."""
Units: TypeAlias = Mapping[Unit, Sequence[Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One stretch of blocking that a detector reports."""

    target: str
    network: str
    onset: datetime
    """The best single guess; of an interval, its latest end: the first measurement that was blocked."""
    told: datetime
    """The earliest time at which the detector could have said so."""
    end: datetime | None = None
    """None while it lasts; of an interval, its latest end."""
    earliest: datetime | None = None
    """Where the detector gives an interval, its beginning: last seen ok."""
    alert: str = ""
    """What people would be told once: stretches with the same alert are one message."""


Detector: TypeAlias = Callable[[Units], Sequence[Found]]


def units(cells: Iterable[Cell]) -> dict[Unit, list[Cell]]:
    """The cells of vantage points on watched targets by target and network, each in the order of time."""
    found: dict[Unit, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.role is Role.VANTAGE and not cell.innocuous:
            found[cell.target, cell.network].append(cell)
    for series in found.values():
        series.sort(key=lambda cell: cell.end)
    return dict(found)

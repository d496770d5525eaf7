"""Coarser tables for publication: nobody who measures shall be found by what is published of a small network.

Networks with fewer than three vantage points stand as one, vantage points have no names, times are those of five
minutes, and nothing leads to single documents (k-anonymity with k = 3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from monitor.export.dataset import Dataset, Kind, Row, Value

ENOUGH = 3
"""Vantage points that make a network large enough to be named."""
STEP = timedelta(minutes=5)
"""Times are cut down to a multiple of this."""
SMALL = "AS (small)"
_HIDDEN = frozenset({"vantage", "measurement", "witnesses", "certificate"})
_NETWORKS = frozenset({"network", "networks"})
EXACT = frozenset({"measurements", "observations"})
"""Tables that cannot be made coarse: they are what was measured, to the letter."""


def small(points: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The networks, of pairs of vantage point and network, with too few vantage points to be named.

    >>> sorted(small([("a", "AS1"), ("b", "AS1"), ("c", "AS1"), ("d", "AS2")]))
    ['AS2']
    """
    places: dict[str, set[str]] = {}
    for vantage, network in points:
        places.setdefault(network, set()).add(vantage)
    return frozenset(network for network, known in places.items() if len(known) < ENOUGH)


def coarse(dataset: Dataset, rows: Iterable[Row], hidden: Collection[str]) -> Iterator[Row]:
    """The rows of a table as they may be published; `hidden` are the networks that stand as one."""
    columns = [(column.name, column.kind) for column in dataset.columns]
    for row in rows:
        yield tuple(_coarse(name, kind, value, hidden) for (name, kind), value in zip(columns, row, strict=True))


def _coarse(name: str, kind: Kind, value: Value, hidden: Collection[str]) -> Value:
    if name in _HIDDEN:
        return None
    if name in _NETWORKS and isinstance(value, str):
        return " ".join(sorted({SMALL if network in hidden else network for network in value.split()}))
    if kind is Kind.DATETIME and isinstance(value, datetime):
        return value - (value - value.replace(hour=0, minute=0, second=0, microsecond=0)) % STEP
    return value

"""Everything that is stored, piece by piece: stretches of time that hold neither too little nor too much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitor.model import Outcome
from monitor.store import Store

FIRST = timedelta(hours=1)
LONGEST = timedelta(days=31)
SHORTEST = timedelta(minutes=1)
FEW, MANY = 10_000, 40_000
"""Rows of a piece: with fewer the next stretch is longer, with more shorter. A row takes about a kilobyte."""


def windows(
    store: Store, *, since: datetime, until: datetime, target: str | None = None
) -> Iterator[tuple[datetime, tuple[Outcome, ...]]]:
    """The stored outcomes by time, as (end of the stretch, its outcomes); `since` <= time < `until`.

    The order within one moment is that of the measurements' ids, so that the same store gives the same sequence.
    """
    step = FIRST
    while since < until:
        end = min(since + step, until)
        rows = store.outcomes(since=since, until=end, target=target)
        yield end, tuple(sorted(rows, key=lambda row: (row.time, row.measurement)))
        since = end
        if len(rows) > MANY:
            step = max(step / 2, SHORTEST)
        elif len(rows) < FEW:
            step = min(step * 2, LONGEST)


def first_of(store: Store) -> datetime | None:
    """When the first stored visit began; None where there is none."""
    rows = store.outcomes(limit=1)
    return rows[0].time if rows else None


def last_of(store: Store) -> datetime | None:
    """When the last stored visit began; None where there is none."""
    rows = store.outcomes(newest_first=True, limit=1)
    return rows[0].time if rows else None

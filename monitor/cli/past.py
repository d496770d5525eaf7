"""What was measured around a claim, as the cells that a detector needs: from a store, or from a played history."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial

from monitor.cells import fold
from monitor.check.power import Around
from monitor.model import Cell, Claim
from monitor.store import Store

PEERS = 4
"""Other targets that tell how good the lines are; the detector asks for three (`baseline_peers`)."""
_WIDTH = timedelta(minutes=1)
_KEPT = 8
"""Windows kept: the replays of a full and of a leaky block look at the same ones."""


def of_store(store: Store, targets: Iterable[str]) -> Around:
    """From an open store; `targets` are those that are measured, of which a few speak for the lines."""
    known = sorted(targets)

    @lru_cache(maxsize=_KEPT)
    def read(target: str, since: datetime, until: datetime) -> tuple[Cell, ...]:
        rows = partial(store.outcomes, since=since, until=until)
        own = [row for name in _named(target, known) for row in rows(target=name)]
        cells = [cell for name in _named(target, known) for cell in store.cells(since=since, until=until, target=name)]
        return (*fold([*own, *rows(innocuous=True)], width=_WIDTH), *cells)

    return lambda claim, since, until: read(claim.target, since, until)


def of_cells(cells: Iterable[Cell]) -> Around:
    """From cells in the order of time."""
    series: dict[str, list[Cell]] = {}
    innocuous = set()
    for cell in cells:
        series.setdefault(cell.target, []).append(cell)
        if cell.innocuous:
            innocuous.add(cell.target)
    starts = {target: [cell.start for cell in found] for target, found in series.items()}
    known = sorted(set(series) - innocuous)

    def cut(claim: Claim, since: datetime, until: datetime) -> Sequence[Cell]:
        return [
            cell
            for target in (*_named(claim.target, known), *sorted(innocuous))
            for cell in series.get(target, [])[
                bisect_left(starts.get(target, []), since) : bisect_left(starts.get(target, []), until)
            ]
        ]

    return cut


def _named(target: str, known: Sequence[str]) -> tuple[str, ...]:
    return target, *[other for other in known if other != target][:PEERS]

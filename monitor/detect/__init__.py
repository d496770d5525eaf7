"""Cells in, blocking events out: a pure function of the data and `now`, recomputed from scratch every time.

Read in this order: `increment` (what one measurement says), `null` (how it would fail anyway), `cusum` (one vantage
point), `unit` (one target on one network), `tally`, `tiers`, `events` (a country), `reconcile` (what was known before).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from monitor.detect.events import cluster, compose
from monitor.detect.null import Null
from monitor.detect.reconcile import reconcile
from monitor.detect.settings import DetectorSettings
from monitor.detect.tally import Tally, tallies
from monitor.detect.unit import walk
from monitor.model import BlockingEvent, Cell
from probes.model import Role

__all__ = ["DetectorSettings", "detect", "reconcile"]


def detect(
    cells: Iterable[Cell], *, settings: DetectorSettings, now: datetime, null: Null | None = None
) -> tuple[BlockingEvent, ...]:
    """Every blocking event that the cells up to `now` show, oldest onset first; the order of the cells does not matter.

    Cells of control vantage points and of innocuous targets say how much the others can be believed and never open an
    event; `down` and `insufficient` say nothing for or against a block. Where there is nothing to see, the answer
    is (). Where the cells are an excerpt, `null` is that of all of them: it looks back only.
    """
    ordered = sorted((cell for cell in cells if cell.start <= now), key=_position)
    null = null or Null.of(ordered, settings)
    units, controls = _sorted_out(ordered)
    found: dict[tuple[str, str], list[Tally]] = defaultdict(list)
    for (target, country, _), unit in units.items():
        found[target, country].extend(tallies(walk(unit, null, settings), unit, settings))
    events = [
        compose(target, country, group, controls.get(target, ()), settings)
        for (target, country), parts in found.items()
        for group in cluster(parts, settings)
    ]
    return tuple(sorted(events, key=lambda event: (event.onset[1], event.id)))


def _sorted_out(cells: Sequence[Cell]) -> tuple[dict[tuple[str, str, str], list[Cell]], dict[str, list[Cell]]]:
    """The cells per (target, country, network), and the controls' per target."""
    units: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    controls: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.role is Role.CONTROL:
            controls[cell.target].append(cell)
        elif not cell.innocuous:
            units[cell.target, cell.country, cell.network].append(cell)
    return units, controls


def _position(cell: Cell) -> tuple[object, ...]:
    """By time; the rest makes the order the same whatever order the cells came in."""
    return cell.start, cell.end, cell.vantage, cell.target, cell.blocked, cell.ok, cell.evidence, cell.witnesses

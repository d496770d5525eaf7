"""Three failures in a row at one vantage point: what most availability monitors alarm on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from monitor.evaluate.found import Found, Unit
from monitor.model import Cell

LENGTH = 3


def streak(unit: Unit, cells: Sequence[Cell], *, gated: bool) -> list[Found]:
    """The stretches that begin with three failures in a row at any vantage point and end with three successes.

    `gated` lets only `blocked` count, so that a site that is down or a sick vantage point says nothing; otherwise
    whatever is not ok is a failure.
    """
    series: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.ok or cell.blocked or not gated:
            series[cell.vantage].append(cell)
    found = [each for one in series.values() for each in _runs(unit, one)]
    return list(_united(sorted(found, key=lambda each: each.onset)))


def _runs(unit: Unit, cells: Iterable[Cell]) -> Iterator[Found]:
    failing: list[Cell] = []
    working: list[Cell] = []
    current: Found | None = None
    for cell in cells:
        failing, working = ([], [*working, cell]) if cell.ok else ([*failing, cell], [])
        if current is None and len(failing) == LENGTH:
            current = _found(unit, failing[0], cell)
        elif current is not None and len(working) == LENGTH:
            yield _ended(current, working[0])
            current = None
        if len(working) > LENGTH:
            working = working[-1:]
        if len(failing) > LENGTH:
            failing = failing[-1:]
    if current is not None:
        yield current


def _found(unit: Unit, first: Cell, last: Cell) -> Found:
    alert = f"{unit} {first.start}"
    return Found(target=unit[0], network=unit[1], onset=first.start, told=last.end, alert=alert)


def _ended(found: Found, cell: Cell) -> Found:
    return Found(
        target=found.target, network=found.network, onset=found.onset, told=found.told, end=cell.start,
        alert=found.alert,
    )  # fmt: skip


def _united(found: Iterable[Found]) -> Iterator[Found]:
    """Stretches of several vantage points that overlap are one."""
    current: Found | None = None
    for each in found:
        if current is None:
            current = each
        elif current.end is None or each.onset <= current.end:
            end = None if current.end is None or each.end is None else max(current.end, each.end)
            current = Found(
                target=each.target, network=each.network, onset=current.onset, told=min(current.told, each.told),
                end=end, alert=current.alert,
            )  # fmt: skip
        else:
            yield current
            current = each
    if current is not None:
        yield current

"""How sure a detector could be with the rows at hand: blocks imagined over a thin series, and how many show.

Crowd-sourced history has a row a day or less. Where a block could have hidden in it, silence is `insufficient`, neither
a miss nor an all-clear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from monitor.model import Cell, Evidence

FULL, LEAKY = 1.0, 0.7
"""Share of measurements that fail under the two imagined blocks (the second: mean of `world.leaky_force`)."""
THROWS = 20
"""How often the dice of the leaky one are thrown."""
FULL_NEEDED, LEAKY_NEEDED = 0.9, 0.5
"""Rows suffice where so many of the blocks would show: any full one, and most leaky ones (ours)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sure:
    """Shares of imagined blocks that would have been found."""

    full: float
    leaky: float

    @property
    def enough(self) -> bool:
        """Whether silence in these rows says anything."""
        return self.full >= FULL_NEEDED and self.leaky >= LEAKY_NEEDED


def sure(rows: Sequence[Cell], during: Callable[[Cell], bool], found: Callable[[Sequence[Cell]], bool]) -> Sure:
    """What `found` says of a series in which the measurements `during` a block fail, all or most, and no others."""
    if not any(during(cell) for cell in rows if cell.ok or cell.blocked):
        return Sure(full=0.0, leaky=0.0)
    # S311: repeatable dice, nothing secret.
    dice = Random("sure")  # noqa: S311
    leaky = sum(found([_imagined(cell, during, LEAKY, dice) for cell in rows]) for _ in range(THROWS))
    full = found([_imagined(cell, during, FULL, dice) for cell in rows])
    return Sure(full=float(full), leaky=leaky / THROWS)


def _imagined(cell: Cell, during: Callable[[Cell], bool], force: float, dice: Random) -> Cell:
    """The cell as it had been with that block and no other: real failures outside it would make anybody look sure."""
    told = cell.ok + cell.blocked
    failed = sum(dice.random() < force for _ in range(told)) if during(cell) else 0
    return replace(cell, ok=told - failed, blocked=failed, evidence=Evidence.AMBIGUOUS if failed else Evidence.NONE)

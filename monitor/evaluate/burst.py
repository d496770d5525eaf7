"""What follows a failure in a world with bursts: repeats with an experiment each, the controls' fresh look, and how the
experiments are weighed, as where verdicts become cells (monitor.cells)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from monitor.evaluate.line import Line, Result
from monitor.evaluate.script import Episode
from monitor.evaluate.world import HOUR, MINUTE, Cause, World
from monitor.model import Cell, Evidence

_AFTER = (MINUTE, 2 * MINUTE, 4 * MINUTE)
_REST = HOUR
"""After a burst that proved something the page is left alone so long."""
_PROVED = 3
"""Decisive experiments that prove it."""
_AGREED = 2
"""Experiments that must show the same before a failure means something else than it looks like."""
_BLOCKED = frozenset({Cause.BLOCK, Cause.SILENT_BLOCK, Cause.LIAR})
"""Causes that an experiment tells from trouble for all; a liar lies about experiments, too."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A repeat, and what the experiment beside it showed: that only the target fails, that others do as well, or
    neither."""

    result: Result
    decisive: bool
    exonerating: bool


class Burst:
    """The bursts of one target at one vantage point, one after the other."""

    def __init__(self, world: World, line: Line, dice: Random, episodes: Sequence[Episode]) -> None:
        self.world, self.line, self.dice, self.episodes = world, line, dice, episodes
        self.rests_until = 0

    def controls(self, second: int) -> tuple[int, int]:
        """How many controls reach the target now, and how many do not."""
        down = [each for each in self._active(second) if each.cause is Cause.SITE]
        failed = sum(
            self.dice.random() < self.world.control_loss or any(self.dice.random() < each.force for each in down)
            for _ in range(self.world.controls)
        )
        return self.world.controls - failed, failed

    def rounds(self, second: int) -> Iterator[Shown]:
        """The repeats after a failure; none while the page rests."""
        if second < self.rests_until:
            return
        decisive = 0
        for after in _AFTER:
            shown = self._round(second + after)
            decisive += shown.decisive
            yield shown
        if decisive >= _PROVED:
            self.rests_until = second + _AFTER[-1] + _REST

    def _round(self, second: int) -> Shown:
        struck = (each.cause for each in self._active(second) if self.dice.random() < each.force)
        cause = next(struck, Cause.NOISE if self.dice.random() < self.line.loss else None)
        told = None if cause is None else self._experiment(cause)
        return Shown(Result(second, cause), told is True, told is False)

    def _active(self, second: int) -> Iterator[Episode]:
        return (each for each in self.episodes if each.span[0] <= second < each.span[1])

    def _experiment(self, cause: Cause) -> bool | None:
        """Whether only the target fails; None where it does not tell."""
        world, drawn, right = self.world, self.dice.random(), cause in _BLOCKED
        if drawn < world.mistaken:
            return not right
        return right if drawn < world.mistaken + (world.tell_block if right else world.tell_path) else None


def weighed(cells: Sequence[Cell], reach: timedelta) -> Iterator[Cell]:
    """The cells of one target at one vantage point, in the order of time, as the experiments within reach change them.

    Where enough of them say that others fail as well, a failure says nothing of a block; where enough say that only the
    target fails, it is an artefact.
    """
    shown = [cell for cell in cells if cell.decisive or cell.exonerating]
    times = [cell.start for cell in shown]
    for cell in cells:
        if not cell.blocked:
            yield cell
            continue
        near = shown[bisect_left(times, cell.start - reach) : bisect_right(times, cell.start + reach)]
        decisive, exonerating = sum(each.decisive for each in near), sum(each.exonerating for each in near)
        if exonerating >= _AGREED and exonerating > decisive:
            yield replace(cell, blocked=0, insufficient=1, evidence=Evidence.NONE, controls_agree=0, controls_total=0)
        else:
            yield replace(cell, evidence=Evidence.ARTEFACT) if decisive >= _AGREED else cell

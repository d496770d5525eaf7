"""A script played: every vantage point and control measures every target, and the results are judged as the
pipeline judges them.

A failure counts as blocked only where most controls reached the target in the same round; where most failed it is
`down`; without a majority, or where half of the innocuous targets fail at the vantage point, it is `insufficient`
(monitor.verdict says the same). The dice are per series, so that a change in one place leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.evaluate.line import JITTER, Line, Result, draw, measure
from monitor.evaluate.script import Script, write
from monitor.evaluate.teller import Teller
from monitor.evaluate.world import START, Cause, TrueBlock, World, dice_for, target_name
from monitor.model import Cell, Evidence
from probes.model import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a world gave: the cells in the order of time, and the truth."""

    world: World
    seed: int
    cells: tuple[Cell, ...]
    truth: tuple[TrueBlock, ...]
    until: datetime


def play(world: World, seed: int) -> Played:
    """Simulate a world; the same seed gives the same cells."""
    script = write(world, dice_for(seed, "script"))
    votes = [_votes(script, target, seed) for target in range(world.targets)]
    cells = [cell for _, controls in votes for cell in controls]
    for network, count in enumerate(world.vantages):
        for number in range(count):
            line = draw(world, network, number, dice_for(seed, "line", network, number))
            cells.extend(_report(script, line, [rounds for rounds, _ in votes], seed))
    cells.sort(key=lambda cell: (cell.start, cell.vantage, cell.target))
    until = START + timedelta(seconds=world.seconds)
    return Played(world=world, seed=seed, cells=tuple(cells), truth=tuple(script.truth), until=until)


def _votes(script: Script, target: int, seed: int) -> tuple[list[tuple[int, int]], list[Cell]]:
    """Per round, how many controls reached the target and how many did not; and the controls' own cells."""
    world = script.world
    votes = [(0, 0)] * (world.seconds // world.cadence)
    cells = []
    for control in range(world.controls):
        dice = dice_for(seed, "control", control, target)
        phase = dice.randrange(world.cadence - JITTER)
        series = measure(script.of_sites.get(target, ()), world.control_loss, world, phase, dice)
        for number, result in enumerate(series):
            if result is None:
                continue
            ok, failed = votes[number]
            votes[number] = (ok, failed + 1) if result.cause else (ok + 1, failed)
            cells.append(_control_cell(world, control, target, result))
    return votes, cells


def _control_cell(world: World, control: int, target: int, result: Result) -> Cell:
    time = START + timedelta(seconds=result.second)
    return Cell(
        target=target_name(target),
        country="XX",
        network=f"AS{65536 + control % world.control_networks}",
        vantage=f"control-{control}",
        start=time,
        end=time,
        ok=int(result.cause is None),
        down=int(result.cause is Cause.SITE),
        blocked=int(result.cause is not None and result.cause is not Cause.SITE),
        role=Role.CONTROL,
        evidence=Evidence.NONE if result.cause is None else Evidence.AMBIGUOUS,
        simulated=True,
    )


def _report(script: Script, line: Line, votes: Sequence[Sequence[tuple[int, int]]], seed: int) -> Iterator[Cell]:
    """Everything that one vantage point sends in."""
    world, point = script.world, (line.network, line.number)
    own = [*script.of_lines.get(point, ()), *line.spells]
    harmless = []
    for number in range(world.innocuous):
        dice = dice_for(seed, "innocuous", *point, number)
        harmless.append(measure(own, line.loss, world, dice.randrange(world.cadence - JITTER), dice))
    sick = [_sick(results) for results in zip(*harmless, strict=True)]
    teller = Teller(script, line, dice_for(seed, "teller", *point))
    for number, series in enumerate(harmless):
        yield from teller.innocuous(f"innocuous-{number}", series, sick)
    for target in range(world.targets):
        dice = dice_for(seed, "series", *point, target)
        theirs = [
            *script.of_sites.get(target, ()),
            *script.of_units.get((line.network, target), ()),
            *script.of_liars.get((*point, target), ()),
        ]
        series = measure([*own, *theirs], line.loss, world, dice.randrange(world.cadence - JITTER), dice)
        yield from teller.target(target, series, sick, votes[target], theirs)


def _sick(results: Sequence[Result | None]) -> bool:
    failing = [result.cause is not None for result in results if result is not None]
    return bool(failing) and 2 * sum(failing) >= len(failing)

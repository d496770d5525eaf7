"""Which detectors run on which worlds: the plain case with all baselines, and the variations of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from monitor.detect import DetectorSettings
from monitor.evaluate.baselines import baselines
from monitor.evaluate.found import Found, units
from monitor.evaluate.ours import ours
from monitor.evaluate.play import Played, play
from monitor.evaluate.score import Score, score
from monitor.evaluate.table import Row, row
from monitor.evaluate.world import World
from monitor.model import Cell, Evidence, Tier
from probes.model import Role

DEVELOPMENT = (1, 2, 3, 11, 12, 13, 101, 102, 103, 104, 105)
"""Seeds that may be looked at while anything is tuned; those from 101 on were held out until one false `confirmed` in
them changed a rule."""
HELD_OUT = (201, 202, 203, 204, 205)
"""Seeds for the published table: nothing is ever tuned on these."""
PLAIN = "plain"
BURSTS = "with bursts"


class Gate(StrEnum):
    """What keeps trouble of other kinds from looking like a block; an ablation takes one away."""

    CONTROLS = "controls"
    VANTAGE = "vantage health"
    CLASSES = "evidence classes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of experiments: a world, and perhaps a gate that is taken away."""

    name: str
    world: World
    without: Gate | None = None
    settings: DetectorSettings = field(default_factory=DetectorSettings)


def cases(world: World, settings: DetectorSettings, *, sweep: bool) -> tuple[Case, ...]:
    """The plain case and the one with bursts; with `sweep`, also ablations, noise, cadences, vantage
    points and worse experiments."""
    found = [
        Case(name=PLAIN, world=world, settings=settings),
        Case(name=BURSTS, world=replace(world, bursts=True), settings=settings),
    ]
    if sweep:
        found += [Case(name=f"without {gate.value}", world=world, without=gate, settings=settings) for gate in Gate]
        worlds = {
            "noise x2.5": replace(world, noise=2.5),
            "every 5 min": replace(world, cadence=300),
            "every 15 min": replace(world, cadence=900),
            **{f"{count} vantage points each": replace(world, vantages=(count,) * 6) for count in (1, 2, 4)},
            f"{BURSTS}, noise x2.5": replace(world, bursts=True, noise=2.5),
            f"{BURSTS}, one experiment in ten mistaken": replace(world, bursts=True, mistaken=0.1),
        }
        found += [Case(name=name, world=each, settings=settings) for name, each in worlds.items()]
    return tuple(found)


def run(case: Case, seed: int) -> dict[str, Score]:
    """Every detector's score on one seed of a case; the baselines run in the plain case only."""
    played = play(case.world, seed)
    cells = played.cells if case.without is None else tuple(ungated(played.cells, case.without))
    found: dict[str, Sequence[Found]] = {
        named(tier, case): each for tier, each in ours(cells, case.settings, played.until).items()
    }
    if case.name == PLAIN:
        by_unit = units(cells)
        cadence = timedelta(seconds=case.world.cadence)
        found |= {name: detector(by_unit) for name, detector in baselines(cadence).items()}
    return {name: _score(each, played) for name, each in found.items()}


def named(tier: Tier, case: Case) -> str:
    """A detector's name in the table.

    >>> named(Tier.LIKELY, Case(name="noise x2.5", world=World()))
    'likely, noise x2.5'
    """
    return tier.value if case.name == PLAIN else f"{tier.value}, {case.name}"


def ungated(cells: Iterable[Cell], gate: Gate) -> Iterator[Cell]:
    """The cells as they would be had nobody built this gate."""
    for cell in cells:
        match gate:
            case Gate.CONTROLS if cell.role is Role.CONTROL:
                if cell.ok:
                    yield cell
            case Gate.CONTROLS if cell.down:
                yield _blocked(cell)
            case Gate.VANTAGE if cell.innocuous:
                continue
            case Gate.VANTAGE if cell.insufficient and cell.role is Role.VANTAGE:
                yield _blocked(cell)
            case Gate.CLASSES if cell.blocked:
                yield replace(cell, evidence=Evidence.AMBIGUOUS)
            case _:
                yield cell


def rows(scores: Iterable[Mapping[str, Score]]) -> tuple[Row, ...]:
    """One row per detector, from the scores of many seeds, in the order in which detectors first appear."""
    by_name: dict[str, list[Score]] = {}
    for each in scores:
        for name, one in each.items():
            by_name.setdefault(name, []).append(one)
    return tuple(row(name, found, offline="offline" in name) for name, found in by_name.items())


def _blocked(cell: Cell) -> Cell:
    return replace(cell, down=0, insufficient=0, blocked=1, evidence=Evidence.AMBIGUOUS)


def _score(found: Sequence[Found], played: Played) -> Score:
    return score(found, played.truth, until=played.until, unit_years=played.world.unit_years)

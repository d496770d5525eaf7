"""A script played: every vantage point and control measures every target, and the results are judged as the
pipeline judges them.

A failure counts as blocked only where most controls reached the target in the same round; where most failed it is
`down`; without a majority, or where half of the innocuous targets fail at the vantage point, it is `insufficient`
(monitor.verdict says the same). The dice are per series, so that a change in one place leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from monitor.evaluate.script import Episode, Script, write
from monitor.evaluate.world import (
    LOOKS,
    MINUTE,
    START,
    YEAR,
    Cause,
    TrueBlock,
    World,
    dice_for,
    network_name,
    target_name,
)  # fmt: skip
from monitor.model import Cell, Evidence
from probes.model import Role

COUNTRY = "ZZ"
_JITTER = 20
_BURST = (MINUTE, 2 * MINUTE, 4 * MINUTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a world gave: the cells in the order of time, and the truth."""

    world: World
    seed: int
    cells: tuple[Cell, ...]
    truth: tuple[TrueBlock, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """One raw measurement: when, and why it failed (None where it did not)."""

    second: int
    cause: Cause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A vantage point's line for the length of the world."""

    network: int
    number: int
    loss: float
    skew: int
    spells: tuple[Episode, ...]


def play(world: World, seed: int) -> Played:
    """Simulate a world; the same seed gives the same cells."""
    script = write(world, dice_for(seed, "script"))
    votes = [_votes(script, target, seed) for target in range(world.targets)]
    cells = [cell for _, controls in votes for cell in controls]
    for network, count in enumerate(world.vantages):
        for number in range(count):
            line = _line(world, network, number, dice_for(seed, "line", network, number))
            cells.extend(_report(script, line, [rounds for rounds, _ in votes], seed))
    cells.sort(key=lambda cell: (cell.start, cell.vantage, cell.target))
    until = START + timedelta(seconds=world.seconds)
    return Played(world=world, seed=seed, cells=tuple(cells), truth=tuple(script.truth), until=until)


def measure(episodes: Sequence[Episode], loss: float, world: World, phase: int, dice: Random) -> list[Result | None]:
    """One series, a result per round (None where the report got lost at random)."""
    waiting, active = sorted(episodes, key=lambda episode: -episode.span[0]), []
    results: list[Result | None] = []
    for number in range(world.seconds // world.cadence):
        second = number * world.cadence + phase + int(dice.random() * _JITTER)
        while waiting and waiting[-1].span[0] <= second:
            active.append(waiting.pop())
        if active:
            active = [episode for episode in active if episode.span[1] > second]
        lost = dice.random() < world.missing
        cause = next((episode.cause for episode in active if dice.random() < episode.force), None)
        if cause is None and dice.random() < loss:
            cause = Cause.NOISE
        results.append(None if lost else Result(second, cause))
    return results


def _line(world: World, network: int, number: int, dice: Random) -> Line:
    flaky = dice.random() < world.flaky
    loss = world.noise * dice.uniform(*(world.flaky_loss if flaky else world.loss))
    rate = world.noise * world.bad_spells[flaky]
    skew = int(dice.uniform(-world.skew, world.skew)) if dice.random() < world.skewed else 0
    return Line(network=network, number=number, loss=loss, skew=skew, spells=tuple(_spells(world, rate, dice)))


def _spells(world: World, rate: float, dice: Random) -> Iterator[Episode]:
    now = 0.0
    while (now := now + dice.expovariate(rate / YEAR)) < world.seconds:
        end = now + dice.uniform(10 * MINUTE, 40 * MINUTE)
        yield Episode(span=(int(now), int(end)), force=0.5, cause=Cause.LINE)


def _votes(script: Script, target: int, seed: int) -> tuple[list[tuple[int, int]], list[Cell]]:
    """Per round, how many controls reached the target and how many did not; and the controls' own cells."""
    world = script.world
    votes = [(0, 0)] * (world.seconds // world.cadence)
    cells = []
    for control in range(world.controls):
        dice = dice_for(seed, "control", control, target)
        phase = dice.randrange(world.cadence - _JITTER)
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
        harmless.append(measure(own, line.loss, world, dice.randrange(world.cadence - _JITTER), dice))
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
        series = measure([*own, *theirs], line.loss, world, dice.randrange(world.cadence - _JITTER), dice)
        yield from teller.target(target, series, sick, votes[target], theirs)


def _sick(results: Sequence[Result | None]) -> bool:
    failing = [result.cause is not None for result in results if result is not None]
    return bool(failing) and 2 * sum(failing) >= len(failing)


class Teller:
    """Turns the raw results of one vantage point into cells, as far as its reports get through."""

    def __init__(self, script: Script, line: Line, dice: Random) -> None:
        self.world, self.line, self.dice = script.world, line, dice
        self.silences = sorted(script.silences.get((line.network, line.number), ()))

    def innocuous(self, name: str, series: Sequence[Result | None], sick: Sequence[bool]) -> Iterator[Cell]:
        """The cells of an innocuous target."""
        for result, ill in zip(series, sick, strict=True):
            if result is None or self._silent(result.second):
                continue
            evidence = self._look(result.cause)
            yield self._cell(name, result.second, result.cause, evidence, ill=ill, votes=(1, 0), innocuous=True)

    def target(
        self,
        target: int,
        series: Sequence[Result | None],
        sick: Sequence[bool],
        votes: Sequence[tuple[int, int]],
        episodes: Sequence[Episode],
    ) -> Iterator[Cell]:
        """The cells of one target, and those of the bursts that its failures set off."""
        name = target_name(target)
        for number, result in enumerate(series):
            if result is None or self._silent(result.second):
                continue
            evidence = self._look(result.cause)
            ours = self._cell(name, result.second, result.cause, evidence, ill=sick[number], votes=votes[number])
            if self.world.bursts and ours.blocked:
                yield from self._burst(ours, result, episodes)
            else:
                yield ours

    def _burst(self, first: Cell, result: Result, episodes: Sequence[Episode]) -> Iterator[Cell]:
        """Three more measurements, each with an experiment.

        Where most experiments show that the path is broken for others too, nothing here says anything about a block;
        where most show that only the target fails, the first failure is judged again with that.
        """
        again = [self._again(result.second + delay, episodes) for delay in _BURST]
        shown = [self._experiment(cause) for _, cause in again if cause is not None]
        if 2 * shown.count(Evidence.NONE) > len(shown):
            yield _unsaid(first)
            again = [(second, cause) for second, cause in again if cause is None]
            shown = []
        else:
            proven = 2 * shown.count(Evidence.ARTEFACT) > len(shown)
            yield replace(first, evidence=Evidence.ARTEFACT) if proven else first
        for second, cause in again:
            told = shown.pop(0) if cause is not None else None
            evidence = Evidence.ARTEFACT if told is Evidence.ARTEFACT else self._look(cause)
            if told is not Evidence.NONE:
                yield self._cell(first.target, second, cause, evidence, ill=False, votes=(first.controls_agree, 0))

    def _again(self, second: int, episodes: Sequence[Episode]) -> tuple[int, Cause | None]:
        for episode in episodes:
            if episode.span[0] <= second < episode.span[1] and self.dice.random() < episode.force:
                return second, episode.cause
        return second, Cause.NOISE if self.dice.random() < self.line.loss else None

    def _experiment(self, cause: Cause) -> Evidence:
        """What differs: ARTEFACT where only the target fails, NONE where others fail too, AMBIGUOUS where neither is
        sure."""
        world, drawn = self.world, self.dice.random()
        blocked = cause in (Cause.BLOCK, Cause.SILENT_BLOCK, Cause.LIAR)
        right, wrong = (Evidence.ARTEFACT, Evidence.NONE) if blocked else (Evidence.NONE, Evidence.ARTEFACT)
        if drawn < world.mistaken:
            return wrong
        return (
            right if drawn < world.mistaken + (world.tell_block if blocked else world.tell_path) else Evidence.AMBIGUOUS
        )

    def _silent(self, second: int) -> bool:
        return any(
            first <= second < last and (share >= 1 or self.dice.random() < share)
            for (first, last), share in self.silences
        )

    def _look(self, cause: Cause | None) -> Evidence:
        if cause is None:
            return Evidence.NONE
        classes = [evidence for evidence, _ in LOOKS[cause]]
        return self.dice.choices(classes, [share for _, share in LOOKS[cause]])[0]

    def _cell(
        self,
        target: str,
        second: int,
        cause: Cause | None,
        evidence: Evidence,
        *,
        ill: bool,
        votes: tuple[int, int],
        innocuous: bool = False,
    ) -> Cell:
        time = START + timedelta(seconds=second + self.line.skew)
        ok, failed = votes
        unsure = cause is not None and (ill or ok == failed)
        down = cause is not None and not unsure and failed > ok
        blocked = cause is not None and not unsure and not down
        return Cell(
            target=target,
            country=COUNTRY,
            network=network_name(self.line.network),
            vantage=f"vantage-{self.line.network}-{self.line.number}",
            start=time,
            end=time,
            ok=int(cause is None),
            down=int(down),
            blocked=int(blocked),
            insufficient=int(unsure),
            innocuous=innocuous,
            evidence=evidence if blocked else Evidence.NONE,
            controls_agree=ok if blocked else 0,
            controls_total=ok + failed if blocked else 0,
            simulated=True,
        )


def _unsaid(cell: Cell) -> Cell:
    return Cell(
        target=cell.target, country=cell.country, network=cell.network, vantage=cell.vantage, start=cell.start,
        end=cell.end, insufficient=1, simulated=True,
    )  # fmt: skip

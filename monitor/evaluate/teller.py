"""Raw results told as the pipeline would tell them: cells, and the bursts that failures set off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from monitor.evaluate.line import Line, Result
from monitor.evaluate.script import Episode, Script
from monitor.evaluate.world import LOOKS, MINUTE, START, Cause, network_name, target_name
from monitor.model import Cell, Evidence

COUNTRY = "ZZ"
_BURST = (MINUTE, 2 * MINUTE, 4 * MINUTE)
_AGREED = 2
"""Experiments of a burst that must show a block before the first failure is judged again."""


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
        where two show that only the target fails, the first failure is judged again with that.
        """
        again = [self._again(result.second + delay, episodes) for delay in _BURST]
        shown = [self._experiment(cause) for _, cause in again if cause is not None]
        if 2 * shown.count(Evidence.NONE) > len(shown):
            yield _unsaid(first)
            again = [(second, cause) for second, cause in again if cause is None]
            shown = []
        else:
            proven = shown.count(Evidence.ARTEFACT) >= _AGREED
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

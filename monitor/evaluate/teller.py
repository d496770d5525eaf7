"""Raw results told as the pipeline would tell them: cells, and the bursts that failures set off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from monitor.evaluate.burst import Burst, weighed
from monitor.evaluate.line import Line, Result
from monitor.evaluate.script import Episode, Script
from monitor.evaluate.world import LOOKS, START, Cause, network_name, target_name
from monitor.model import Cell, Evidence

COUNTRY = "ZZ"


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
        name, told = target_name(target), list[Cell]()
        burst = Burst(self.world, self.line, self.dice, episodes)
        for number, result in enumerate(series):
            if result is None or self._silent(result.second):
                continue
            cell = self._seen(name, result, ill=sick[number], votes=votes[number])
            if not (self.world.bursts and cell.blocked):
                told.append(cell)
                continue
            fresh = burst.controls(result.second)
            told.append(self._seen(name, result, votes=fresh))
            for again in burst.rounds(result.second):
                seen = self._seen(name, again.result, votes=fresh)
                told.append(replace(seen, decisive=int(again.decisive), exonerating=int(again.exonerating)))
        yield from weighed(told, timedelta(seconds=self.world.cadence))

    def _seen(self, name: str, result: Result, *, ill: bool = False, votes: tuple[int, int]) -> Cell:
        return self._cell(name, result.second, result.cause, self._look(result.cause), ill=ill, votes=votes)

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

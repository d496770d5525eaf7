"""Comparing engines on a machine that others use too: interleaved rounds, medians with their spread, ratios in a round.

A round runs every duel once, in random order; inside a duel the engines run directly after each other, in random order.
What the machine's other users take away, they take from both, so the ratio of two engines in the same duel of the same
round is worth more than either figure.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """The same work at the same concurrency by several engines; the first one is what the others are held against."""

    work: str
    concurrency: int
    engines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one engine did in one duel of one round; `cpu` and `wall` in seconds."""

    probes: int
    errors: int
    cpu: float
    wall: float

    @property
    def cost(self) -> float:
        """CPU seconds per 1,000 probes.

        >>> Sample(probes=500, errors=0, cpu=0.4, wall=1.0).cost
        0.8
        """
        return 1000 * self.cpu / self.probes

    @property
    def rate(self) -> float:
        """Probes per second.

        >>> Sample(probes=500, errors=0, cpu=0.4, wall=2.0).rate
        250.0
        """
        return self.probes / self.wall


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The least, the middle and the most of several figures."""

    least: float
    median: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """ValueError where there are no values.

        >>> Spread.of([3.0, 1.0, 2.0])
        Spread(least=1.0, median=2.0, most=3.0)
        """
        several = sorted(values)
        if not several:
            raise ValueError("no values")
        return cls(least=several[0], median=statistics.median(several), most=several[-1])

    def show(self, digits: int) -> str:
        """The median, and in parentheses the other two.

        >>> Spread(least=0.5, median=0.75, most=1).show(2)
        '0.75 (0.50–1.00)'
        """
        return f"{self.median:,.{digits}f} ({self.least:,.{digits}f}–{self.most:,.{digits}f})"


Run = Callable[[Duel, str], Sample]
"""Lets one engine do the work of a duel."""
Round = Mapping[tuple[Duel, str], Sample]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The figures of one engine in one duel; `ratio` is its CPU against the first engine's, round by round."""

    duel: Duel
    engine: str
    cost: Spread
    rate: Spread
    ratio: Spread
    errors: int


def rounds(duels: Sequence[Duel], run: Run, *, count: int, order: random.Random) -> Iterator[Round]:
    """`count` rounds, each as soon as it is done; `order` shuffles."""
    for _ in range(count):
        yield {
            (duel, engine): run(duel, engine)
            for duel in order.sample(duels, len(duels))
            for engine in order.sample(duel.engines, len(duel.engines))
        }


def summarise(duels: Sequence[Duel], done: Sequence[Round]) -> tuple[Line, ...]:
    """One line for each engine of each duel. ValueError where there was no round, or a run without any probe."""
    if any(not sample.probes for each in done for sample in each.values()):
        raise ValueError("an engine finished nothing in its time: the runs are too short for this machine")
    return tuple(_line(duel, engine, done) for duel in duels for engine in duel.engines)


def _line(duel: Duel, engine: str, done: Sequence[Round]) -> Line:
    samples = [each[duel, engine] for each in done]
    firsts = [each[duel, duel.engines[0]] for each in done]
    return Line(
        duel=duel,
        engine=engine,
        cost=Spread.of(sample.cost for sample in samples),
        rate=Spread.of(sample.rate for sample in samples),
        ratio=Spread.of(sample.cost / first.cost for sample, first in zip(samples, firsts, strict=True)),
        errors=sum(sample.errors for sample in samples),
    )


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table; figures are `median (least–most)`."""
    head = ("work", "at once", "engine", "CPU s / 1,000 probes", "CPU ÷ first engine", "probes/s", "errors")
    rows = [
        (
            line.duel.work,
            str(line.duel.concurrency),
            line.engine,
            line.cost.show(3),
            "1" if line.engine == line.duel.engines[0] else line.ratio.show(2),
            line.rate.show(0),
            str(line.errors),
        )
        for line in lines
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))

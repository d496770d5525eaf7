"""A vantage point's line: how often it fails by itself, and one series of raw results over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from monitor.evaluate.script import Episode
from monitor.evaluate.world import MINUTE, YEAR, Cause, World

JITTER = 20
"""Seconds by which a measurement may be late."""


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


def draw(world: World, network: int, number: int, dice: Random) -> Line:
    """Draw the line of one vantage point."""
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


def measure(episodes: Sequence[Episode], loss: float, world: World, phase: int, dice: Random) -> list[Result | None]:
    """One series, a result per round (None where the report got lost at random)."""
    waiting, active = sorted(episodes, key=lambda episode: -episode.span[0]), []
    results: list[Result | None] = []
    for number in range(world.seconds // world.cadence):
        second = number * world.cadence + phase + int(dice.random() * JITTER)
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

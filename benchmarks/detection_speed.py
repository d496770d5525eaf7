"""What detection costs beside one running total: `python -m benchmarks.detection_speed`.

A simulated fleet of 200 targets at 50 vantage points in 21 networks, 5,000 rounds ten minutes apart, has 50 million
measurements (35 days; a year of it, `--rounds 52560`, has 526 million). Beside each other, in turns: NumPy's `cumsum`
over the same number of floating-point values, and detection over all of it, controls and innocuous targets included.
PELT of `ruptures` is timed on a sample of the series, in Python and compiled, and multiplied. The memory that counts
is the highest of the process.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log

import numpy as np
from numpy.typing import NDArray

from benchmarks.rounds import Spread
from monitor.detect import Class, DetectorSettings, Null, Series, detect_series
from monitor.detect.memory import Memory, News
from monitor.detect.unit import walk
from probes.model import Role

NETWORKS = (1, 2, 2, 4, 1, 2, 3, 3, 2, 4) * 2 + (2,)
"""Vantage points per network: 50 in all."""
CADENCE = 600 * 10**6
_LOSS, _FLAKY = 0.004, 0.06
_CONTROLS = 4
_DAY = 144


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Everything that a fleet measured, in memory; gone through as often as anybody likes."""

    rounds: int
    classes: NDArray[np.int8]
    """Target x vantage point x round."""
    phases: NDArray[np.int64]
    """Microseconds into the round, per vantage point."""
    networks: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def measurements(self) -> int:
        """How many there are, controls and innocuous targets left out."""
        return self.classes.size

    def __iter__(self) -> Iterator[Series]:
        yield from self.innocuous()
        for target in range(len(self.classes)):
            yield self.controls(target)
            for network in range(len(self.networks)):
                yield self.unit(target, network)

    def until(self, rounds: int) -> Fleet:
        """The same fleet some rounds ago."""
        return replace(self, rounds=rounds, classes=self.classes[:, :, :rounds])

    def units(self) -> list[Series]:
        """Every target on every network."""
        return [self.unit(target, each) for target in range(len(self.classes)) for each in range(len(self.networks))]

    def unit(self, target: int, network: int) -> Series:
        """One target on one network."""
        name, points = self.networks[network]
        seen = self.classes[target, list(points)].T.ravel()
        times, who = self._times(points, 7_000_000 * (target % 60))
        return Series.measured(f"site-{target}", name, times, who, seen, vantages=[f"v{each}" for each in points])

    def controls(self, target: int) -> Series:
        """What the control vantage points saw of a target: it worked."""
        times, who = self._times(range(_CONTROLS), 3_000_000)
        return Series.measured(
            f"site-{target}", "", times, who, np.zeros(len(times), np.int8), role=Role.CONTROL,
            networks=[f"AS{each}" for each in range(_CONTROLS)],
        )  # fmt: skip

    def innocuous(self, network: int | None = None) -> Iterator[Series]:
        """Two targets that nobody blocks, at each network or at one."""
        for name, points in self.networks if network is None else [self.networks[network]]:
            times, who = self._times(points, 1_000_000)
            for number in range(2):
                yield Series.measured(
                    f"harmless-{number}", name, times, who, np.zeros(len(times), np.int8), innocuous=True,
                    vantages=[f"v{each}" for each in points],
                )  # fmt: skip

    def news(self, memory: Memory, rounds: int) -> News:
        """The newest rounds of everything, as rows."""
        targets = len(self.classes)
        seen = self.classes[:, :, -rounds:]
        first = np.arange(self.rounds - rounds, self.rounds, dtype=np.int64) * CADENCE
        phases = np.concatenate([self.phases[: len(points)] for _, points in self.networks])
        offsets = 7_000_000 * (np.arange(targets) % 60)
        times = first[None, None, :] + phases[None, :, None] + offsets[:, None, None]
        tracks = np.broadcast_to(np.arange(targets * 50).reshape(targets, 50, 1), seen.shape)
        return News(track=tracks.ravel(), time=times.ravel(), ok=seen.ravel() == 0, blocked=seen.ravel() > 0)

    def _times(self, points: Sequence[int], offset: int) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        rounds = np.arange(self.rounds, dtype=np.int64)
        times = rounds[:, None] * CADENCE + self.phases[: len(points)] + offset
        return times.ravel(), np.tile(np.arange(len(points), dtype=np.int8), len(rounds))


def fleet(targets: int, rounds: int, seed: int = 1) -> Fleet:
    """A fleet with flaky lines, a twentieth of the targets blocked for good and a fifth of them for some days.

    >>> fleet(4, 20).measurements
    4000
    """
    dice = np.random.default_rng(seed)
    sizes = np.minimum(np.cumsum(NETWORKS), 50)
    edges = [0, *dict.fromkeys(sizes.tolist())]
    networks = tuple(
        (f"AS{64500 + number}", tuple(range(first, last))) for number, (first, last) in enumerate(pairwise(edges))
    )
    loss = np.where(dice.random(50) < 0.2, _FLAKY, _LOSS)
    classes = np.empty((targets, 50, rounds), np.int8)
    for target in range(targets):
        failing = dice.random((50, rounds), np.float32) < loss[:, None]
        for network, since, until in _orders(target, rounds, networks, dice):
            failing[list(networks[network][1]), since:until] |= dice.random((1, until - since)) < 0.97
        ambiguous = dice.random((50, rounds), np.float32) < 0.6
        classes[target] = np.where(failing, np.where(ambiguous, Class.AMBIGUOUS, Class.ARTEFACT), Class.OK)
    phases = np.arange(4, dtype=np.int64) * 90 * 10**6
    return Fleet(rounds=rounds, classes=classes, phases=phases, networks=networks)


def _orders(
    target: int, rounds: int, networks: Sequence[tuple[str, tuple[int, ...]]], dice: np.random.Generator
) -> Iterator[tuple[int, int, int]]:
    if target % 20 == 0:
        yield from ((network, rounds // 4, rounds) for network in range(len(networks)))
    elif target % 5 == 1:
        since = int(dice.integers(rounds // 10, 9 * rounds // 10))
        for network in range(0, len(networks), 2):
            yield network, since, min(rounds, since + 3 * _DAY)


def timed(work: Callable[[], object]) -> float:
    """Processor seconds of a piece of work."""
    before = time.process_time()
    work()
    return time.process_time() - before


def totals(whole: Fleet, repeat: int) -> list[float]:
    """Seconds that NumPy takes for one running total over as many floating-point values."""
    values = whole.classes.ravel().astype(np.float64)
    return [timed(lambda: np.cumsum(values)) for _ in range(repeat)]


def pelt(whole: Fleet, sample: int) -> dict[str, float]:
    """Seconds that two implementations of PELT would take for all series, from a sample of them."""
    import ruptures  # noqa: PLC0415 (a development dependency, of this part only)

    dice = np.random.default_rng(7)
    targets, points = dice.integers(0, len(whole.classes), sample), dice.integers(0, 50, sample)
    chosen = [
        (whole.classes[target, point] > 0).astype(float)[:, None] for target, point in zip(targets, points, strict=True)
    ]
    series = len(whole.classes) * 50
    found = {}
    for name, make in (
        ("PELT, ruptures", lambda: ruptures.Pelt(model="l2", min_size=3, jump=5)),
        ("PELT, ruptures compiled", lambda: ruptures.KernelCPD(kernel="linear", min_size=3)),
    ):
        spent = [timed(lambda one=one, make=make: make().fit(one).predict(pen=_penalty(one))) for one in chosen]
        found[name] = sum(spent) / sample * series
    return found


def _penalty(one: NDArray[np.float64]) -> float:
    return float(3 * log(len(one)) * max(one.var(), 0.002))


def short_looks(whole: Fleet, settings: DetectorSettings, rounds: int) -> tuple[list[float], int]:
    """Processor seconds of a look at the newest two rounds, some times one after the other, and how many units each
    looked at; every answer is compared with that of a look at everything."""
    known = whole.until(whole.rounds - 2 * rounds)
    null = Null.among(known, settings)
    memory = Memory.of(known.units(), null, settings)
    networks, spent, looked = len(whole.networks), [], 0
    for back in range(2 * rounds - 2, -1, -2):
        now = whole.until(whole.rounds - back)
        before = time.process_time()
        for number in memory.changed(now.news(memory, 2)).tolist():
            target, network = divmod(number, networks)
            null.hear([now.controls(target), *now.innocuous(network)])
            memory.look(number, now.unit(target, network), null)
            looked += 1
        spent.append(time.process_time() - before)
    everything = Null.among(whole, settings)
    for number, unit in enumerate(whole.units()):
        ours, theirs = memory.answers[number], walk(unit, everything, settings)
        assert [(each.onset, each.end) for each in ours] == [(each.onset, each.end) for each in theirs]
    return spent, looked // rounds


def main() -> None:
    """Run everything and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--sample", type=int, default=6, help="series that PELT is timed on")
    options = parser.parse_args()
    whole = fleet(options.targets, options.rounds)
    print(f"{whole.measurements:,} measurements; {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    settings = DetectorSettings()
    sums = totals(whole, 2 * options.repeat)
    passes, events = [], 0
    for _ in range(options.repeat):
        begun = time.process_time()
        events = len(detect_series(whole, settings=settings))
        passes.append(time.process_time() - begun)
    one, all_of_it = Spread.of(sums), Spread.of(passes)
    print(f"cumsum {one} s; detection {all_of_it} s, {events} events; ratio {all_of_it.median / one.median:.1f}")
    spent, looked = short_looks(whole, settings, 5)
    short = Spread.of(spent)
    print(f"newest 2 rounds {short} s, {looked} units; 1/{all_of_it.median / short.median:.0f} of all")
    for name, seconds in pelt(whole, options.sample).items():
        print(f"{name}: {seconds:,.0f} s for all series, {seconds / all_of_it.median:,.0f} times detection")
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()

"""One to three of seven vantage points lie together that a target is blocked: how far do they get?

    python -m benchmarks.liars [--seeds 20] [--days 10]

Nothing is blocked in these worlds; everything else that looks like a block happens as in the plain world of
`presscanary evaluate`. So each event is false. A network is given as how many vantage points it has.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from monitor.detect import DetectorSettings
from monitor.evaluate.ours import ours
from monitor.evaluate.play import play
from monitor.evaluate.world import World
from monitor.model import Tier

PLACES = ((7,), (4, 3), (3, 2, 2), (1, 1, 1, 1, 1, 1, 1))
"""Seven vantage points in one network, two, three, seven."""
PER_YEAR = 110.0
"""Lies of a country in a year: about three in ten days."""


def world_of(vantages: tuple[int, ...], liars: int, days: int) -> World:
    """A world in which nothing is blocked and so many lie together; without liars nobody lies."""
    return replace(World(days=days, vantages=vantages), blocks=0.0, lies=PER_YEAR if liars else 0.0, liars=liars)


def told(world: World, seeds: Iterable[int]) -> Mapping[Tier, int]:
    """How many events, all of them false, ever reached each tier."""
    found: Counter[Tier] = Counter()
    for seed in seeds:
        played = play(world, seed)
        for tier, events in ours(played.cells, DetectorSettings(), played.until).items():
            found[tier] += len({each.alert for each in events})
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--days", type=int, default=10)
    given = parser.parse_args()
    print("| vantage points per network | liars | suspected | likely | confirmed |\n|---|--:|--:|--:|--:|")
    for vantages in PLACES:
        for liars in (0, 1, 2, 3):
            found = told(world_of(vantages, liars, given.days), range(1, given.seeds + 1))
            cells = " | ".join(str(found[tier]) for tier in (Tier.SUSPECTED, Tier.LIKELY, Tier.CONFIRMED))
            print(f"| {', '.join(map(str, vantages))} | {liars} | {cells} |", flush=True)


if __name__ == "__main__":
    main()

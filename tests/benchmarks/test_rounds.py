"""Rounds are interleaved, and what is said of them is what was measured in them."""

from __future__ import annotations

import itertools
import random

import pytest

from benchmarks.rounds import Duel, Sample, Spread, rounds, summarise, table

DUELS = (
    Duel(work="http", concurrency=1, engines=("peer", "ours")),
    Duel(work="http", concurrency=16, engines=("peer", "ours")),
    Duel(work="dns", concurrency=1, engines=("ours",)),
)


def sample(cpu: float, probes: int = 1000) -> Sample:
    return Sample(probes=probes, errors=1, cpu=cpu, wall=2.0)


def test_each_round_runs_everything_once_and_duels_without_a_break() -> None:
    """In every round each engine of each duel has one turn, and nothing comes between the engines of a duel."""
    turns: list[tuple[Duel, str]] = []

    def run(duel: Duel, engine: str) -> Sample:
        turns.append((duel, engine))
        return sample(1.0)

    done = list(rounds(DUELS, run, count=6, order=random.Random(3)))
    assert [len(each) for each in done] == [5] * 6
    orders = set()
    for start in range(0, 30, 5):
        turn = turns[start : start + 5]
        assert set(turn) == {(duel, engine) for duel in DUELS for engine in duel.engines}
        assert sum(before[0] != after[0] for before, after in itertools.pairwise(turn)) == 2
        orders.add(tuple(turn))
    assert len(orders) > 1


def test_a_ratio_is_taken_within_its_round() -> None:
    """When the machine is slow for both in one round, their ratio there stays what it is."""
    duel = DUELS[0]
    done = [{(duel, "peer"): sample(2.0 * slow), (duel, "ours"): sample(1.0 * slow)} for slow in (1, 10, 3)]
    peer, ours = summarise([duel], done)
    assert ours.ratio == Spread(least=0.5, median=0.5, most=0.5)
    assert peer.ratio == Spread(least=1.0, median=1.0, most=1.0)
    assert ours.cost == Spread(least=1.0, median=3.0, most=10.0)
    assert (ours.rate.median, ours.errors) == (500.0, 3)


def test_a_run_that_finished_nothing_is_no_figure() -> None:
    """A division by nothing would be read as a record; it is refused with a hint."""
    with pytest.raises(ValueError, match="too short"):
        summarise(DUELS[2:], [{(DUELS[2], "ours"): sample(1.0, probes=0)}])
    with pytest.raises(ValueError, match="no values"):
        Spread.of([])


def test_the_table_has_a_row_for_each_engine() -> None:
    """The first engine of a duel is what the others are held against, and says so."""
    done = [{(duel, engine): sample(1.0 if engine == "peer" else 0.5) for duel in DUELS for engine in duel.engines}]
    rows = table(summarise(DUELS, done)).splitlines()
    assert len(rows) == 2 + 5
    assert rows[2] == "| http | 1 | peer | 1.000 (1.000–1.000) | 1 | 500 (500–500) | 1 |"
    assert rows[3] == "| http | 1 | ours | 0.500 (0.500–0.500) | 0.50 (0.50–0.50) | 500 (500–500) | 1 |"

"""A store that is in use is tended piece by piece: sealed, merged, pruned, and then left in peace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.store import engine, open_folder
from monitor.store.policy import Policy
from monitor.store.tending import Tender

T0 = datetime(2024, 1, 1, tzinfo=UTC)
NOW = datetime(2024, 4, 20, tzinfo=UTC)


@pytest.fixture
def store(folder, made):
    """A hundred results of the first months of 2024, in April."""
    with open_folder(folder, clock=lambda: NOW) as opened:
        opened.append_all((*made.entry(n, time=T0 + timedelta(days=n)), None) for n in range(100))
        yield opened


def turns(tender, policy, now=NOW):
    """What was done until nothing was left to do."""
    done = []
    while said := tender.turn(policy, now):
        done.append(said)
    return done


def test_months_that_are_over_are_sealed_and_then_there_is_peace(store):
    """Each month that ended two weeks ago is one piece; pruning comes once a day."""
    pytest.importorskip("duckdb")
    tender = Tender(store.upkeep)
    assert turns(tender, Policy()) == ["sealed", "sealed", "sealed", "pruned"]
    assert turns(tender, Policy()) == []
    assert turns(tender, Policy(), NOW + timedelta(days=1)) == ["pruned"]
    assert len(store.outcomes()) == 100


def test_over_its_limit_a_store_seals_more_and_takes_in_everything(store, made):
    """Above the limit all but the last two days is sealed, results are still taken, and nothing is lost."""
    pytest.importorskip("duckdb")
    tender = Tender(store.upkeep)
    assert turns(tender, Policy(limit=1)).count("sealed") == 4
    assert tender.size > 1
    assert store.append(*made.entry(0, time=NOW)) is True
    assert len(store.outcomes()) == 101


def test_without_the_engine_nothing_is_sealed_and_nothing_is_wrong(store, monkeypatch):
    """Where DuckDB is missing the tail grows, and pruning goes on."""
    monkeypatch.setattr(engine, "available", lambda: False)
    assert turns(Tender(store.upkeep), Policy()) == ["pruned"]
    assert len(store.outcomes()) == 100

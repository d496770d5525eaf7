"""What is past its time goes, what proves something stays, and packs give their room back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.model import BlockingEvent, Locus, State, Tier
from monitor.store import open_store
from monitor.store.policy import NO_SAMPLE, Policy
from monitor.store.retention import prune
from monitor.store.sealing import seal
from probes.model import Role

pytest.importorskip("duckdb", reason="sealing needs the extra `store`")

T0 = datetime(2024, 1, 1, tzinfo=UTC)
NOW = datetime(2024, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(folder):
    """A new store whose clock stands in July 2024."""
    with open_store(folder, clock=lambda: NOW) as opened:
        yield opened


def hourly(made, numbers, **options):
    """One measurement an hour from the new year on; every fiftieth is blocked."""
    return [
        (*made.entry(n, time=T0 + timedelta(hours=n), state=State.OK if n % 50 else State.BLOCKED, **options), None)
        for n in numbers
    ]


def seal_all(store, **options):
    """Seal whatever there is."""
    while seal(store.upkeep, NOW, **options):
        pass


def event(witness):
    """An event that one measurement proves."""
    return BlockingEvent(
        id="ev-1",
        target="kloop",
        country="KG",
        networks=("AS8449",),
        onset=(T0, T0 + timedelta(hours=1)),
        end=None,
        tier=Tier.LIKELY,
        technique=None,
        locus=Locus.NETWORK,
        alarm=T0,
        score=3.0,
        counts={},
        witnesses=(witness,),
        simulated=True,
    )


def test_old_rows_go_by_whole_months_and_counts_stay(store, made):
    """With `raw` of 60 days results before May are gone; days, events, witnesses and the newest rows are there."""
    pairs = hourly(made, range(24 * 150))
    store.append_all(pairs)
    store.append_all(hourly(made, [3], url="https://gone.example/", target="gone"))
    store.save_events([event(pairs[50][1].measurement)])
    seal_all(store)
    days, latest = store.days(), store.latest()
    pruned = prune(store.upkeep, Policy(raw=timedelta(days=60)))

    left = store.outcomes()
    edge = datetime(2024, 5, 1, tzinfo=UTC)
    kept = {outcome.measurement for _, outcome, _ in pairs if outcome.time >= edge}
    assert {it.measurement for it in left} - kept == {pairs[50][1].measurement, latest[0].outcome.measurement}
    assert len(left) == store.counts()["measurements"] == 3601 - pruned.rows
    assert (store.days(), store.latest()) == (days, latest)
    assert store.measurement(pairs[50][1].measurement) == pairs[50][0]
    assert store.measurement(pairs[51][1].measurement) is None
    assert prune(store.upkeep, Policy(raw=timedelta(days=60))).rows == 0


def test_what_was_pruned_comes_back_no_more(store, made):
    """A result of a time that was pruned is refused as known: its day has counted it already."""
    pairs = hourly(made, range(24 * 60))
    store.append_all(pairs)
    prune(store.upkeep, Policy(raw=timedelta(days=30)))
    days = store.days()
    assert store.append(*pairs[7][:2]) is False
    assert store.days() == days
    assert len(store.outcomes()) == 1


def test_counts_have_their_own_time(store, made):
    """Hours and days that are past theirs are removed, and a revision of an older witness does not bring them back."""
    pairs = hourly(made, range(24 * 100))
    store.append_all(pairs)
    policy = Policy(raw=timedelta(days=30), hourly=timedelta(days=60), daily=timedelta(days=90))
    store.save_events([event(pairs[50][1].measurement)])
    assert prune(store.upkeep, policy).counts > 0
    assert min(day.day for day in store.days()) == date(2024, 4, 1)
    store.revise(made.outcome_of(pairs[50][0], State.DOWN))
    assert min(day.day for day in store.days()) == date(2024, 4, 1)


def test_counts_may_not_end_before_the_rows():
    """A policy that keeps hours for less time than rows is a mistake."""
    with pytest.raises(ValueError, match="hourly counts must be kept at least as long"):
        Policy(raw=timedelta(days=30), hourly=timedelta(days=7))
    with pytest.raises(ValueError, match="daily counts"):
        Policy(daily=timedelta(days=7))


def test_documents_of_failures_changes_and_neighbours_stay(store, made):
    """Sealing keeps the documents of what failed, and of what stands beside it within the hour."""
    pairs = hourly(made, range(24 * 29))
    beside = hourly(made, range(24 * 29), vantage="control", role=Role.CONTROL)
    beside = [(m, made.outcome_of(m, State.OK), None) for m, _, _ in beside]
    store.append_all(pairs + beside)
    before = store.outcomes()
    seal_all(store, keep_ok=NO_SAMPLE)
    assert store.outcomes() == before
    kept = {n for n, (_, outcome, _) in enumerate(pairs) if store.measurement(outcome.measurement)}
    close = {n for n in range(24 * 29) if n % 50 in (0, 1, 49)} | {0, 24 * 29 - 1}
    assert kept == close
    assert {n for n, (_, outcome, _) in enumerate(beside) if store.measurement(outcome.measurement)} == close
    assert store.append(*pairs[7][:2]) is False


def test_a_sample_of_ok_documents_stays(store, made):
    """One in four of the documents in quiet times is kept, chosen by the id alone."""
    pairs = [(m, made.outcome_of(m, State.OK), None) for m, _, _ in hourly(made, range(24 * 29))]
    store.append_all(pairs)
    seal_all(store, keep_ok=4)
    kept = [n for n, (_, outcome, _) in enumerate(pairs) if store.measurement(outcome.measurement)]
    chosen = [n for n, (_, o, _) in enumerate(pairs) if int(o.measurement[:8], 16) % 4 == 0]
    assert set(kept) == {0, len(pairs) - 1, *chosen}


def test_a_pack_that_is_mostly_dead_gives_its_room_back(store, folder, made):
    """What is alive moves to the newest pack and is read from there, also by who looked before; the file is gone."""
    store._writer._transaction.packs._pack_size = 100_000
    pairs = hourly(made, range(24 * 29))
    for first in range(0, len(pairs), 50):  # packs roll between transactions only
        store.append_all(pairs[first : first + 50])
    seal_all(store, keep_ok=NO_SAMPLE)
    with open_store(folder, read_only=True) as reader:
        kept = [outcome.measurement for outcome in reader.outcomes() if reader.measurement(outcome.measurement)]
        size = store.counts()["pack_bytes"]
        pruned = prune(store.upkeep, Policy())
        assert pruned.packs >= 1
        assert not (folder / "packs" / "000001.pack").exists()
        assert store.counts()["pack_bytes"] == size - pruned.pack_bytes < size
        assert all(reader.measurement(key) for key in kept)
    store.close()
    with open_store(folder) as again:
        assert all(again.measurement(key) for key in kept)
        assert again.counts()["documents"] == len(kept)

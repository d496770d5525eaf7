"""Sealed rows are read as if they were still in the tail, and in exactly one place whatever happens."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model import State
from monitor.store import StoreError, open_store, segments
from monitor.store.compaction import compact
from monitor.store.sealing import seal
from probes.model import Role

duckdb = pytest.importorskip("duckdb", reason="sealing needs the extra `store`")

T0 = datetime(2024, 1, 30, tzinfo=UTC)
LATE = datetime(2030, 1, 1, tzinfo=UTC)
PLACES = (
    {},
    {"target": "azattyk", "url": "https://azattyk.example/"},
    {"vantage": "control", "role": Role.CONTROL},
    {"target": "wiki", "url": "https://wiki.example/", "innocuous": True},
)


def entries(made, numbers):
    """Measurements of four pages over three months, states in runs."""
    return [
        made.entry(
            number,
            time=T0 + timedelta(hours=7 * number, microseconds=number),
            state=State.OK if number // 8 % 3 else State.BLOCKED,
            **PLACES[number % 4],
        )
        for number in numbers
    ]


def said(store):
    """Everything that a reader can ask."""
    outcomes = store.outcomes()
    return {
        "all": outcomes,
        "newest": store.outcomes(newest_first=True, limit=3),
        "oldest": store.outcomes(limit=5),
        "page": store.outcomes(url="https://azattyk.example/", newest_first=True, limit=2),
        "span": store.outcomes(since=T0 + timedelta(days=3), until=T0 + timedelta(days=20), target="kloop"),
        "controls": store.outcomes(role=Role.CONTROL, innocuous=False),
        "nothing": store.outcomes(limit=0),
        "latest": store.latest(),
        "days": store.days(),
        "measurements": [store.measurement(outcome.measurement) for outcome in outcomes],
        "count": store.counts()["measurements"],
    }


def sealed_until(store, before=LATE, **options):
    """Seal all that is before a moment; how many rows of how many segments."""
    written = []
    while made := seal(store.upkeep, before, **options):
        written.append(made.rows)
    return sum(written), len(written)


def test_what_is_sealed_is_read_as_before(store, folder, made):
    """No answer changes by sealing and by compacting, here or in another reader; segments are of one month each."""
    store.append_all((*entry, None) for entry in entries(made, range(240)))
    before = said(store)
    with open_store(folder, read_only=True) as reader:
        assert sealed_until(store, piece=30) == (240, 10)
        assert said(store) == said(reader) == before
        months = {path.parent.name for path in (folder / "segments").glob("*/*.parquet")}
        assert months == {"m=2024-01", "m=2024-02", "m=2024-03", "m=2024-04"}
        while compact(store.upkeep):
            assert said(store) == said(reader) == before
        assert len(list((folder / "segments").glob("*/*.parquet"))) == 4
    store.close()
    with open_store(folder) as again:
        assert said(again) == before


def test_the_tail_keeps_what_is_newest(store, folder, made):
    """After sealing, the tail holds the newest row of each page, so that `latest` needs no segment."""
    store.append_all((*entry, None) for entry in entries(made, range(100)))
    newest = store.latest()
    sealed_until(store)
    for path in (folder / "segments").glob("*/*.parquet"):
        path.unlink()
    assert store.latest() == newest


def test_a_late_row_goes_to_the_tail_and_a_known_one_nowhere(store, made):
    """Rows of a sealed month that come late are kept once and sealed into another segment; sealed ones are known."""
    all_of_them = entries(made, range(120))
    store.append_all((*entry, None) for entry in all_of_them[::2])
    sealed_until(store)
    assert store.append_all((*entry, None) for entry in all_of_them) == (False, True) * 60
    sealed_until(store)
    assert store.append_all((*entry, None) for entry in all_of_them) == (False,) * 120
    assert sorted(store.outcomes(), key=lambda it: it.time) == [outcome for _, outcome in all_of_them]
    with open_store(store.upkeep.folder.path.parent / "other") as plain:
        plain.append_all((*entry, None) for entry in all_of_them[::2] + all_of_them[1::2])
        assert (plain.latest(), plain.days()) == (store.latest(), store.days())


def test_a_sealed_verdict_can_be_judged_again(store, made):
    """A revision of a sealed row is what every reader sees, counts included, and a compaction takes it in."""
    pairs = entries(made, range(120))
    store.append_all((*entry, None) for entry in pairs)
    sealed_until(store, piece=50)
    again = made.outcome_of(pairs[9][0], State.DOWN)
    store.revise(again)
    expected = said(store)
    assert again in expected["all"]
    assert len(expected["all"]) == 120
    assert sum(day.down for day in expected["days"]) == 1
    while compact(store.upkeep, parts=1):
        assert said(store) == expected
    assert sealed_until(store) == (0, 0)
    with pytest.raises(StoreError, match="another target"):
        store.revise(replace(pairs[9][1], target="other"))
    assert said(store) == expected


def test_a_revision_during_the_seal_is_not_lost(store, made):
    """What is judged again between reading and committing stays in the tail as the present form."""
    pairs = entries(made, range(60))
    store.append_all((*entry, None) for entry in pairs)
    again = made.outcome_of(pairs[5][0], State.INSUFFICIENT)

    def told(step):
        if step == "sync":
            store.revise(again)
            store.append(*entries(made, [300])[0])

    seal(store.upkeep, LATE, told=told)
    assert again in store.outcomes()
    assert len(store.outcomes()) == 61


def test_segments_of_an_earlier_version_are_read_beside_new_ones(store, folder, made):
    """Columns that came later are None there, in every question and after a merger; nothing else changes."""
    store.append_all((*entry, None) for entry in entries(made, range(8)))
    store.append_all((*made.entry(number), None) for number in range(500, 503))
    seal(store.upkeep, LATE, piece=4)
    _as_version_1(folder)
    before = {outcome.measurement: outcome for outcome in store.outcomes()}
    older = [outcome.measurement for outcome in store.outcomes() if outcome.verdict.ipv4 is None]
    assert len(older) == 4 - len(_marked(folder))
    sealed_until(store)
    assert {outcome.measurement: outcome for outcome in store.outcomes()} == before
    while compact(store.upkeep):
        assert {outcome.measurement: outcome for outcome in store.outcomes()} == before


def _marked(folder):
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        return connection.execute("SELECT seq FROM observation WHERE sealed IS NOT NULL").fetchall()


def _as_version_1(folder):
    """Write the one segment anew without the columns of version 2, as an earlier presscanary did."""
    (path,) = (folder / "segments").glob("*/*.parquet")
    older = path.with_suffix(".older")
    with duckdb.connect() as session:
        session.execute(
            f"COPY (SELECT * EXCLUDE (ipv4, ipv6) FROM '{path}') TO '{older}' (FORMAT parquet, COMPRESSION zstd)"
        )
    older.rename(path)
    size, digest = segments.digest_of(path)
    with closing(sqlite3.connect(folder / "store.db")) as connection, connection:
        connection.execute("UPDATE segment SET schema_version = 1, bytes = ?, sha256 = ?", (size, digest))

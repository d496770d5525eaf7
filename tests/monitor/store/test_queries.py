"""What is asked often is answered from an index, however long the history is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.model import Cell, Outcome, State, VantageStatus
from monitor.store import cells, health, observations, rollups
from monitor.store.observations import Selection
from monitor.store.symbols import Texts
from probes.model import Role

AT = datetime(2024, 3, 1, tzinfo=UTC)


def plan(folder, statement, parameters=()):
    """How SQLite would answer: its steps, joined."""
    with closing(sqlite3.connect(f"file:{folder}/store.db?mode=ro", uri=True)) as connection:
        return "; ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))


@pytest.mark.parametrize(
    ("selection", "index"),
    [
        (Selection(target="kloop", since=AT), "observation_target (target=? AND time>?)"),
        (Selection(url="https://kloop.example/", since=AT, role=Role.CONTROL), "observation_url (url=? AND time>?)"),
        (Selection(vantage="kg-1", since=AT, innocuous=True), "observation_vantage (vantage=? AND time>?)"),
        (Selection(since=AT, until=AT), "observation_time (time>? AND time<?)"),
        (Selection(newest_first=True, limit=10), "SCAN observation USING INDEX observation_time"),
    ],
)
def test_a_span_of_outcomes_is_found_by_index(store, folder, selection, index):
    """Outcomes of a target, page, vantage point or span are sought, not scanned, and need no sorting."""
    steps = plan(folder, *observations.query(selection))
    assert index in steps
    assert "TEMP B-TREE" not in steps


def asked(store, folder, question):
    """The plan of what a method of the store asks."""
    said = []
    with store._readers.snapshot() as connection:
        connection.set_trace_callback(said.append)
    question()
    with store._readers.snapshot() as connection:
        connection.set_trace_callback(None)
    return [
        plan(folder, statement)
        for statement in said
        if statement.startswith("SELECT") and "symbol WHERE id" not in statement
    ]


def test_days_of_a_target_are_found_by_key(store, folder, made):
    """A target's days are a range of the rollup's key."""
    store.append(*made.entry())
    (steps,) = asked(store, folder, lambda: store.days(target="kloop", since=date(2024, 1, 1)))
    assert "SEARCH daily USING PRIMARY KEY (target=? AND day>?)" in steps


def test_latest_reads_one_row_per_page(store, folder, made):
    """The newest outcomes are fetched by row number, one for each page and vantage point."""
    store.append(*made.entry())
    (steps,) = asked(store, folder, store.latest)
    assert "SEARCH observation USING INTEGER PRIMARY KEY" in steps
    assert "SCAN observation" not in steps


def test_a_measurement_is_found_by_its_id(store, folder, made):
    """Looking a measurement up reads one index entry, not the table."""
    _, outcome = made.entry()
    (steps,) = asked(store, folder, lambda: store.document(outcome.measurement))
    assert "SCAN" not in steps


@pytest.mark.parametrize(
    ("table", "layout", "kind"),
    [
        ("observation", observations.LAYOUT, Outcome),
        ("cell", cells.LAYOUT, Cell),
        ("health", health.LAYOUT, VantageStatus),
    ],
)
def test_every_field_has_its_column(store, folder, table, layout, kind):
    """A field that is added to a record needs a migration that adds its column; this test says which one is missing."""
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    assert set(layout.columns) <= columns, f"{kind.__name__}: no column for {set(layout.columns) - columns}"
    assert columns - set(layout.columns) <= {"seq", "id", "digest", "document", "original", "sealed", "revised"}


@pytest.mark.parametrize(("table", "width"), [("hourly", 3600), ("daily", 86400)])
def test_a_series_of_one_target_is_counted_along_its_key(store, folder, made, table, width):
    """Hours and days of a target, in all and per vantage point, are those of the outcomes, and need no sorting."""
    names = ("kloop", "azattyk")
    store.append_all(
        (
            *made.entry(
                n,
                time=AT + timedelta(minutes=25 * n),
                target=names[n % 2],
                vantage=f"kg-{n % 3}",
                state=(State.OK, State.BLOCKED, State.DOWN)[n % 7 % 3],
            ),
            None,
        )
        for n in range(200)
    )
    since, until = (int((AT + timedelta(hours=hours)).timestamp()) // width for hours in (24, 72))
    kept = [
        (int(it.time.timestamp()) // width, it.vantage, it.verdict.state)
        for it in store.outcomes(target="kloop")
        if since <= int(it.time.timestamp()) // width < until
    ]
    counted = {
        by: store.upkeep.read(
            lambda connection, by=by: rollups.series(
                connection, Texts(), table, target="kloop", by=by, since=since, until=until
            )
        )
        for by in (None, "vantage")
    }
    assert sorted(counted["vantage"]) == [
        (*key, *(kept.count((*key, state)) for state in State)) for key in sorted({it[:2] for it in kept})
    ]
    assert counted[None] == [
        (number, *([(it[0], it[2]) for it in kept].count((number, state)) for state in State))
        for number in sorted({it[0] for it in kept})
    ]
    steps = asked(
        store,
        folder,
        lambda: store.upkeep.read(
            lambda connection: rollups.series(connection, Texts(), table, target="kloop", by="vantage", since=since)
        ),
    )
    assert f"SEARCH {table} USING PRIMARY KEY (target=? AND" in str(steps)
    assert "TEMP B-TREE" not in str(steps)

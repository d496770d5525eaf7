"""What is asked often is answered from an index, however long the history is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from monitor.model import Cell, Outcome, VantageStatus
from monitor.store import cells, health, observations
from monitor.store.observations import Selection
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

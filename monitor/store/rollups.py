"""Counts per hour and per day, kept in step with the rows: what long spans are read from."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import Any

from monitor.model import Day, State
from monitor.store.sql import number_of, sentence, spells, updates, where
from monitor.store.symbols import Texts
from monitor.store.times import DAY, HOUR, day, day_number
from monitor.store.transaction import Transaction
from probes.model import Role

GROUP = ("target", "vantage", "country", "network", "role", "innocuous")
"""What is counted apart within one hour or day."""
_SUMS = (*(state.value for state in State), "timed", "total")


def _addition(table: str, unit: str) -> str:
    """The SQL that adds to one bucket, unless retention has removed the buckets of that time."""
    columns = (unit, *GROUP, *_SUMS)
    names, values = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    kept = sentence(f":{unit} >= coalesce(", number_of(f"{table}_from"), f", :{unit})")
    return sentence("INSERT INTO", table, f"({names})", "SELECT", values, "WHERE", kept, updates(_SUMS, add=True))


SERIES = (("hourly", "hour", HOUR, _addition("hourly", "hour")), ("daily", "day", DAY, _addition("daily", "day")))
"""Table, the unit that its buckets are numbered in, its length in microseconds, and how one is added to."""
_DAYS = (
    "SELECT target, country, network, day, sum(ok) AS ok, sum(down) AS down, sum(blocked) AS blocked, "
    "sum(insufficient) AS insufficient FROM daily"
)
_CONDITIONS = {
    "role": spells("role"),
    "innocuous": "innocuous = :innocuous",
    "target": spells("target"),
    "since": "day >= :since",
    "until": "day < :until",
}


def count(transaction: Transaction, row: Mapping[str, Any], sign: int) -> None:
    """Add an observation's row to its hour and its day (`sign` +1), or take it out (-1)."""
    states = {state.value: sign * (row["state"] == transaction.symbols(state.value)) for state in State}
    seconds = row["total"]
    timed = {"timed": 0, "total": 0} if seconds is None else {"timed": sign, "total": sign * round(seconds * 1e6)}
    group = {name: row[name] for name in GROUP}
    for _, name, width, statement in SERIES:
        transaction.connection.execute(statement, {name: row["time"] // width} | group | states | timed)


def days(
    connection: sqlite3.Connection, texts: Texts, *, since: date | None, until: date | None, target: str | None
) -> tuple[Day, ...]:
    """Counts per target, network and day at vantage points, innocuous targets left out; `since` <= day < `until`."""
    given = {
        "role": Role.VANTAGE.value,
        "innocuous": 0,
        "target": target,
        "since": since and day_number(since),
        "until": until and day_number(until),
    }
    condition, parameters = where(_CONDITIONS, given)
    statement = sentence(_DAYS, condition, "GROUP BY target, day, country, network")
    found = connection.execute(statement, parameters).fetchall()
    texts.refresh(connection)
    return tuple(
        sorted((_day(row, texts) for row in found), key=lambda it: (it.day, it.target, it.country, it.network))
    )


def series(
    connection: sqlite3.Connection,
    texts: Texts,
    table: str,
    *,
    target: str,
    by: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> list[tuple[Any, ...]]:
    """Counts of one target in time, read along the key: hour or day, `by` (one of GROUP), and results of each State.

    `table` is one of SERIES; `since` <= hour or day < `until`, numbered from 1970. Controls are counted as well.
    """
    (unit,) = (unit for name, unit, *_ in SERIES if name == table)
    conditions = {"target": spells("target"), "since": f"{unit} >= :since", "until": f"{unit} < :until"}
    condition, parameters = where(conditions, {"target": target, "since": since, "until": until})
    group = unit if by is None else f"{unit}, {by}"
    counts = ", ".join(f"sum({state.value})" for state in State)
    cursor = connection.cursor()
    cursor.row_factory = None
    statement = sentence("SELECT", group, ",", counts, "FROM", table, condition, "GROUP BY", group)
    found = cursor.execute(statement, parameters).fetchall()
    if by is None or by == "innocuous":
        return found
    texts.refresh(connection)
    return [(number, texts[name], *counted) for number, name, *counted in found]


def _day(row: sqlite3.Row, texts: Texts) -> Day:
    return Day(
        target=texts[row["target"]],
        country=texts[row["country"]],
        network=texts[row["network"]],
        day=day(row["day"]),
        ok=row["ok"],
        down=row["down"],
        blocked=row["blocked"],
        insufficient=row["insufficient"],
    )

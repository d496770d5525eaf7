"""Counts per hour and per day, kept in step with the rows: what long spans are read from."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from monitor.model import Day, State
from monitor.store.sql import batch_insertion, number_of, sentence, spells, updates, where
from monitor.store.symbols import Texts
from monitor.store.times import DAY, HOUR, day, day_number
from monitor.store.transaction import Transaction
from probes.model import Role

_SUMS = (*(state.value for state in State), "timed", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A table of counts in time: one row for each `unit` (an hour or a day, numbered from 1970) and `group`."""

    table: str
    unit: str
    width: int
    """Of a unit, in microseconds."""
    group: tuple[str, ...]
    """What is counted apart, the target first: a target's rows lie side by side, in the order of time."""
    policy: str
    """The span of the policy that says how long it is kept."""

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell one row from another."""
        return (self.group[0], self.unit, *self.group[1:])

    @property
    def addition(self) -> str:
        """The SQL that adds to one row: its key, and then the sums."""
        return batch_insertion(self.table, (*self.key, *_SUMS), updates(_SUMS, add=True))

    def start(self, connection: sqlite3.Connection) -> int:
        """The first unit that retention has left; what is older is not counted any more."""
        (found,) = connection.execute(sentence("SELECT", number_of(f"{self.policy}_from"))).fetchone()
        return -(2**62) if found is None else int(found)


_APART = ("target", "vantage", "country", "network", "role", "innocuous")
HOURLY_TARGET = Series(
    table="hourly_target", unit="hour", width=HOUR, group=("target", "role", "innocuous"), policy="hourly"
)
HOURLY = Series(table="hourly", unit="hour", width=HOUR, group=_APART, policy="hourly")
DAILY = Series(table="daily", unit="day", width=DAY, group=_APART, policy="daily")
SERIES = (HOURLY_TARGET, HOURLY, DAILY)
"""Those with few rows before those of the same unit with many."""
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


def count(transaction: Transaction, rows: Sequence[Mapping[str, Any]], sign: int) -> None:
    """Add observations' rows to their hours and days (`sign` +1), or take them out (-1)."""
    places = {transaction.symbols(state.value): place for place, state in enumerate(State)}
    for series in SERIES:
        sums: dict[tuple[int, ...], list[int]] = {}
        start = series.start(transaction.connection)
        for row in rows:
            if (unit := row["time"] // series.width) < start:
                continue
            key = (row["target"], unit, *(row[name] for name in series.group[1:]))
            found = sums.setdefault(key, [0] * len(_SUMS))
            found[places[row["state"]]] += sign
            if row["total"] is not None:
                found[-2] += sign
                found[-1] += sign * round(row["total"] * 1e6)
        transaction.connection.executemany(series.addition, [(*key, *values) for key, values in sorted(sums.items())])


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
    """Counts of one target in time, read along the key: hour or day, what it is counted `by`, results of each State.

    `table` is `hourly` or `daily`; `by` one of vantage, country, network, role and innocuous, or None for all together;
    `since` <= hour or day < `until`, numbered from 1970. Controls are counted as well.
    """
    (unit,) = (series.unit for series in (HOURLY, DAILY) if series.table == table)
    table = next(series.table for series in SERIES if series.unit == unit and by in (None, *series.group))
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
    return [(row[0], texts[row[1]], *row[2:]) for row in found]


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

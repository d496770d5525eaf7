"""What is asked of a server, in every dialect the same: each gives the statement and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeAlias

from monitor.model import Day, State
from monitor.store.dialect import DAY, Dialect
from monitor.store.flat import CELL, FINDING, OUTCOME
from monitor.store.observations import Selection
from monitor.store.sql import sentence, where
from monitor.store.times import day, day_number, microseconds
from probes.model import Role

Question: TypeAlias = tuple[str, Mapping[str, Any]]

_STATES = tuple(state.value for state in State)


def outcomes(dialect: Dialect, wanted: Selection) -> Question:
    """The outcomes that are wanted, by time; those of one moment in the order of arrival."""
    conditions = {
        **{name: f"{name} = %({name})s" for name in ("target", "url", "vantage", "role", "innocuous")},
        "since": dialect.since,
        "until": dialect.until,
    }
    given = {
        "since": wanted.since and microseconds(wanted.since),
        "until": wanted.until and microseconds(wanted.until),
        "target": wanted.target,
        "url": wanted.url,
        "vantage": wanted.vantage,
        "role": wanted.role and wanted.role.value,
        "innocuous": None if wanted.innocuous is None else int(wanted.innocuous),
    }
    condition, parameters = where(conditions, given)
    order = "ORDER BY time DESC, seq DESC" if wanted.newest_first else "ORDER BY time, seq"
    limit = "" if wanted.limit is None else "LIMIT %(limit)s"
    source = sentence(",", dialect.keys["observation"], "FROM", dialect.current.format(table="observation"))
    return sentence("SELECT", OUTCOME.listed, source, condition, order, limit), parameters | {"limit": wanted.limit}


def findings(
    dialect: Dialect,
    *,
    since: datetime | None,
    until: datetime | None,
    target: str | None,
    vantage: str | None,
    kind: str | None,
) -> Question:
    """What experiments showed, by time; those of one moment in the order of arrival."""
    conditions = {name: f"{name} = %({name})s" for name in ("target", "vantage", "kind")}
    conditions |= {"since": "time >= %(since)s", "until": "time < %(until)s"}
    given = {
        "target": target,
        "vantage": vantage,
        "kind": kind,
        "since": since and microseconds(since),
        "until": until and microseconds(until),
    }
    condition, parameters = where(conditions, given)
    source = sentence(",", dialect.keys["finding"], "FROM", dialect.current.format(table="finding"))
    return sentence("SELECT", FINDING.listed, source, condition, "ORDER BY time, seq"), parameters


def cells(dialect: Dialect, *, since: datetime | None, until: datetime | None, target: str | None) -> Question:
    """The cells with `since` <= start < `until`, by start; those of one start in the order of arrival."""
    conditions = {"since": "start >= %(since)s", "until": "start < %(until)s", "target": "target = %(target)s"}
    given = {"since": since and microseconds(since), "until": until and microseconds(until), "target": target}
    condition, parameters = where(conditions, given)
    source = sentence(",", dialect.keys["cell"], "FROM", dialect.current.format(table="cell"))
    return sentence("SELECT", CELL.listed, source, condition, "ORDER BY start, seq"), parameters


def days(dialect: Dialect, *, since: date | None, until: date | None, target: str | None) -> Question:
    """Counts per target, network and day at vantage points, innocuous targets left out, in that order.

    A rollup where the engine can keep one exactly; else the rows themselves, which are never counted twice either.
    """
    conditions = {
        "role": "role = %(role)s",
        "innocuous": "innocuous = %(innocuous)s",
        "target": "target = %(target)s",
        "since": dialect.since,
        "until": dialect.until,
    }
    given = {
        "role": Role.VANTAGE.value,
        "innocuous": 0,
        "target": target,
        "since": None if since is None else day_number(since) * DAY,
        "until": None if until is None else day_number(until) * DAY,
    }
    condition, parameters = where(conditions, given)
    counts = ", ".join(dialect.count.format(state=state) for state in _STATES)
    columns = f"SELECT target, country, network, {dialect.day()} AS number, {counts}"
    order = "GROUP BY target, country, network, number ORDER BY number, target, country, network"
    return sentence(columns, "FROM", dialect.daily, condition, order), parameters


def day_of(row: tuple[Any, ...]) -> Day:
    """The counts in one row of the answer to `days`."""
    target, country, network, number, *counts = row
    return Day(
        target=target, country=country, network=network, day=day(number), **dict(zip(_STATES, counts, strict=True))
    )

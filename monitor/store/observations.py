"""The hot tail: one row per measurement and its verdict, in the order of arrival."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.model import Latest, Outcome
from monitor.store import latest, rollups
from monitor.store.errors import StoreError
from monitor.store.rows import HEX, Layout
from monitor.store.sql import insertion, sentence, spells, where
from monitor.store.symbols import Texts
from monitor.store.times import microseconds, moment
from monitor.store.transaction import Transaction, claim
from probes.model import Role

LAYOUT = Layout(Outcome, measurement=HEX)

_INSERT = insertion("observation", (*LAYOUT.columns, "document", "original"))
_UPDATE = sentence(
    "UPDATE observation SET",
    ", ".join(f"{name} = :{name}" for name in LAYOUT.columns),
    "WHERE measurement = :measurement",
)
_CONDITIONS = {
    **{name: spells(name) for name in ("target", "url", "vantage", "role")},
    "innocuous": "innocuous = :innocuous",
    "since": "time >= :since",
    "until": "time < :until",
}
_FACTS = ("time", "target", "url", "vantage", "country", "network", "role", "innocuous", "simulated", "vantage_kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which outcomes are wanted; None means any. `since` <= time < `until`."""

    since: datetime | None = None
    until: datetime | None = None
    target: str | None = None
    url: str | None = None
    vantage: str | None = None
    role: Role | None = None
    innocuous: bool | None = None
    newest_first: bool = False
    limit: int | None = None


def known(connection: sqlite3.Connection, measurement: str) -> bool:
    """Whether a measurement is stored."""
    found = connection.execute("SELECT 1 FROM observation WHERE measurement = ?", (bytes.fromhex(measurement),))
    return found.fetchone() is not None


def add(transaction: Transaction, outcome: Outcome, *, document: int, original: int | None) -> None:
    """Write a new measurement's row, and let latest and rollups follow."""
    row = LAYOUT.row(outcome, transaction.symbols) | {"document": document, "original": original}
    seq = transaction.connection.execute(_INSERT, row).lastrowid
    latest.follow(transaction, row | {"seq": seq})
    rollups.count(transaction, row, +1)


def revise(transaction: Transaction, outcome: Outcome) -> None:
    """Write a measurement's new verdict over the old one, and let latest and rollups follow.

    StoreError where the measurement is not known, or the outcome tells of other facts than the stored one.
    """
    before = _stored(transaction.connection, outcome.measurement)
    claim(transaction, outcome.simulated)
    after = LAYOUT.row(outcome, transaction.symbols)
    if other := [name for name in _FACTS if before[name] != after[name]]:
        raise StoreError(f"measurement {outcome.measurement} cannot be judged again with another {', '.join(other)}")
    rollups.count(transaction, before, -1)
    transaction.connection.execute(_UPDATE, after)
    rollups.count(transaction, after, +1)
    if before["state"] != after["state"]:
        latest.recompute(transaction, after)


def select(connection: sqlite3.Connection, texts: Texts, selection: Selection) -> tuple[Outcome, ...]:
    """The outcomes that are wanted, by time; those of one moment in the order of arrival."""
    rows = connection.execute(*query(selection)).fetchall()
    texts.refresh(connection)
    return tuple(LAYOUT.record(row, texts) for row in rows)


def newest(connection: sqlite3.Connection, texts: Texts) -> tuple[Latest, ...]:
    """The newest outcome of each page at each vantage point; the newest of all comes last."""
    statement = sentence("SELECT", LAYOUT.listed, ", since FROM", latest.NEWEST, "ORDER BY time, seq")
    rows = connection.execute(statement).fetchall()
    texts.refresh(connection)
    return tuple(Latest(outcome=LAYOUT.record(row, texts), since=moment(row["since"])) for row in rows)


def query(selection: Selection) -> tuple[str, Mapping[str, Any]]:
    """The SQL for a selection, and its parameters."""
    given = {
        "target": selection.target,
        "url": selection.url,
        "vantage": selection.vantage,
        "role": selection.role and selection.role.value,
        "innocuous": None if selection.innocuous is None else int(selection.innocuous),
        "since": selection.since and microseconds(selection.since),
        "until": selection.until and microseconds(selection.until),
    }
    condition, parameters = where(_CONDITIONS, given)
    order = "ORDER BY time DESC, seq DESC" if selection.newest_first else "ORDER BY time, seq"
    limit = "" if selection.limit is None else "LIMIT :limit"
    return sentence("SELECT", LAYOUT.listed, "FROM observation", condition, order, limit), parameters | {
        "limit": selection.limit
    }


def _stored(connection: sqlite3.Connection, measurement: str) -> dict[str, Any]:
    found = connection.execute(
        "SELECT * FROM observation WHERE measurement = ?", (bytes.fromhex(measurement),)
    ).fetchone()
    if found is None:
        raise StoreError(f"measurement {measurement} is not stored, so it cannot be judged again")
    return dict(found)

"""Measurements and their verdicts: the hot tail, one row each in the order of arrival, and behind it what was sealed.

A sealed row that is judged again comes back into the tail under its number, marked with its segment (`sealed`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.model import Latest, Outcome
from monitor.store import documents, latest, rollups, segments
from monitor.store.archive import LAYOUT, Archive
from monitor.store.errors import StoreError
from monitor.store.sql import batch_insertion, insertion, places, sentence, spells, where
from monitor.store.symbols import Texts
from monitor.store.times import microseconds, moment
from monitor.store.transaction import Transaction, claim
from probes.model import Role

_COLUMNS = ("seq", *LAYOUT.columns, "document", "original")
_INSERT = batch_insertion("observation", _COLUMNS)
_REVIVE = insertion("observation", ("seq", *LAYOUT.columns, "document", "original", "sealed", "revised"))
_UPDATE = sentence(
    "UPDATE observation SET",
    ", ".join(f"{name} = :{name}" for name in (*LAYOUT.columns, "revised")),
    "WHERE measurement = :measurement",
)
_CONDITIONS = {
    **{name: spells(name) for name in ("target", "url", "vantage", "role")},
    "innocuous": "innocuous = :innocuous",
    "since": "time >= :since",
    "until": "time < :until",
}
FORGOTTEN = 0
"""In place of a document's id, where an ok result's document was not kept when its month was sealed."""
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


def unknown(transaction: Transaction, given: Sequence[tuple[Outcome, bytes]]) -> list[bool]:
    """Of outcomes with the SHA-256 of their own documents, which are new: the first one of each that is not stored.

    Stored is what is in the tail or sealed; one that is older than what is kept counts as stored.
    """
    connection = transaction.connection
    ids = [sha256[:16] for _, sha256 in given]
    statement = sentence("SELECT measurement FROM observation WHERE measurement IN", places(len(ids)))
    known = {row["measurement"] for row in connection.execute(statement, ids)}
    known |= {sha256[:16] for sha256 in documents.owned(connection, [sha256 for _, sha256 in given])}
    times = [microseconds(outcome.time) for outcome, _ in given]
    kept, sealed = kept_since(connection), segments.live(connection, min(times), max(times) + 1)
    new = []
    for (outcome, _), measurement, time in zip(given, ids, times, strict=True):
        stored = measurement in known or time < kept or transaction.archive.known(sealed, measurement, outcome, time)
        new.append(not stored)
        known.add(measurement)
    return new


def kept_since(connection: sqlite3.Connection) -> int:
    """Before this time (microseconds) rows were removed by retention, and come back no more."""
    found = connection.execute("SELECT value FROM meta WHERE key = 'kept_since'").fetchone()
    return -(2**62) if found is None else int(found[0])


def add(transaction: Transaction, given: Sequence[tuple[Outcome, int, int | None]]) -> None:
    """Write the rows of new measurements, each with the ids of its documents, and let latest and rollups follow."""
    connection = transaction.connection
    (newest,) = connection.execute("SELECT coalesce(max(seq), 0) FROM observation").fetchone()
    rows = [
        (seq, *LAYOUT.values(outcome, transaction.symbols), document, original)
        for seq, (outcome, document, original) in enumerate(given, newest + 1)
    ]
    connection.executemany(_INSERT, rows)
    named = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
    for row in named:
        latest.follow(transaction, row)
    rollups.count(transaction, named, +1)


def revise(transaction: Transaction, outcome: Outcome) -> None:
    """Write a measurement's new verdict over the old one, and let latest and rollups follow.

    StoreError where the measurement is not known, or the outcome tells of other facts than the stored one.
    """
    before = _stored(transaction, outcome)
    claim(transaction, outcome.simulated)
    after = LAYOUT.row(outcome, transaction.symbols)
    if other := [name for name in _FACTS if before[name] != after[name]]:
        raise StoreError(f"measurement {outcome.measurement} cannot be judged again with another {', '.join(other)}")
    rollups.count(transaction, [before], -1)
    transaction.connection.execute(_UPDATE, after | {"revised": revisions(transaction.connection) + 1})
    rollups.count(transaction, [after], +1)
    if before["state"] != after["state"]:
        latest.recompute(transaction, after)


def revisions(connection: sqlite3.Connection) -> int:
    """The highest number that a revision in the tail has."""
    (newest,) = connection.execute("SELECT coalesce(max(revised), 0) FROM observation").fetchone()
    return int(newest)


def select(connection: sqlite3.Connection, texts: Texts, archive: Archive, selection: Selection) -> tuple[Outcome, ...]:
    """The outcomes that are wanted, by time; those of one moment in the order of arrival."""
    rows = connection.execute(*query(selection)).fetchall()
    texts.refresh(connection)
    found = [(row["time"], row["seq"], LAYOUT.record(row, texts)) for row in rows]
    given = _given(selection)
    if selection.limit is not None and len(found) == selection.limit > 0:  # then only what lies between can come before
        edge = "since" if selection.newest_first else "until"
        given[edge] = found[-1][0] + (edge == "until")
    sealed = archive.outcomes(connection, given, newest_first=selection.newest_first, limit=selection.limit)
    if sealed:
        found = sorted(found + sealed, key=lambda row: row[:2], reverse=selection.newest_first)[: selection.limit]
    return tuple(outcome for _, _, outcome in found)


def newest(connection: sqlite3.Connection, texts: Texts) -> tuple[Latest, ...]:
    """The newest outcome of each page at each vantage point; the newest of all comes last."""
    statement = sentence("SELECT", LAYOUT.listed, ", since FROM", latest.NEWEST, "ORDER BY time, seq")
    rows = connection.execute(statement).fetchall()
    texts.refresh(connection)
    return tuple(Latest(outcome=LAYOUT.record(row, texts), since=moment(row["since"])) for row in rows)


def query(selection: Selection) -> tuple[str, Mapping[str, Any]]:
    """The SQL for a selection of the tail, and its parameters."""
    condition, parameters = where(_CONDITIONS, _given(selection))
    order = "ORDER BY time DESC, seq DESC" if selection.newest_first else "ORDER BY time, seq"
    limit = "" if selection.limit is None else "LIMIT :limit"
    return sentence("SELECT", LAYOUT.listed, ", seq FROM observation", condition, order, limit), parameters | {
        "limit": selection.limit
    }


def _given(selection: Selection) -> dict[str, Any]:
    return {
        "target": selection.target,
        "url": selection.url,
        "vantage": selection.vantage,
        "role": selection.role and selection.role.value,
        "innocuous": None if selection.innocuous is None else int(selection.innocuous),
        "since": selection.since and microseconds(selection.since),
        "until": selection.until and microseconds(selection.until),
    }


def _stored(transaction: Transaction, outcome: Outcome) -> dict[str, Any]:
    connection, measurement = transaction.connection, bytes.fromhex(outcome.measurement)
    statement = "SELECT * FROM observation WHERE measurement = ?"
    found = connection.execute(statement, (measurement,)).fetchone()
    if found is None and _revive(transaction, measurement, microseconds(outcome.time)):
        found = connection.execute(statement, (measurement,)).fetchone()
    if found is None:
        raise StoreError(f"measurement {outcome.measurement} is not stored, so it cannot be judged again")
    return dict(found)


def _revive(transaction: Transaction, measurement: bytes, time: int) -> bool:
    """Bring a sealed row back into the tail, as its present form; False where it is not sealed."""
    connection = transaction.connection
    sealed = transaction.archive.sealed(connection, measurement, time)
    if sealed is None:
        return False
    row = {name: _told(transaction, name, value) for name, value in sealed.items()}
    row["document"] = documents.id_of(connection, measurement) or FORGOTTEN
    row["original"] = sealed["original"] and documents.id_of(connection, sealed["original"])
    connection.execute(_REVIVE, row | {"sealed": sealed["segment"], "revised": None})
    return True


def _told(transaction: Transaction, name: str, value: Any) -> Any:
    return transaction.symbols(value) if name in LAYOUT.symbols and value is not None else value

"""Experiments and what they showed, in the order of arrival; they are no visits, and no rollup counts them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from monitor.model import Finding
from monitor.store import documents
from monitor.store.errors import StoreError
from monitor.store.packs import compress
from monitor.store.rows import HEX, Layout
from monitor.store.sql import insertion, sentence, spells, where
from monitor.store.symbols import Texts
from monitor.store.times import microseconds
from monitor.store.transaction import Transaction, claim
from probes.document import canonical, document
from probes.model import Measurement

LAYOUT = Layout(Finding, measurement=HEX)

_INSERT = insertion("finding", (*LAYOUT.columns, "document"))
_UPDATE = sentence(
    "UPDATE finding SET",
    ", ".join(f"{name} = :{name}" for name in LAYOUT.columns),
    "WHERE measurement = :measurement",
)
_CONDITIONS = {
    **{name: spells(name) for name in ("target", "vantage", "kind")},
    "since": "time >= :since",
    "until": "time < :until",
}


def appending(measurement: Measurement, finding: Finding) -> Callable[[Transaction], bool]:
    """The work of one append, with all that needs no transaction done; StoreError where the two do not belong."""
    own = compress(canonical(document(measurement)))
    if own.sha256[:16].hex() != finding.measurement:
        raise StoreError(f"the finding speaks of measurement {finding.measurement}, not of {own.sha256[:16].hex()}")

    def work(transaction: Transaction) -> bool:
        if known(transaction.connection, finding.measurement):
            return False
        claim(transaction, finding.simulated)
        row = LAYOUT.row(finding, transaction.symbols) | {"document": documents.keep(transaction, own, own=True)}
        transaction.connection.execute(_INSERT, row)
        return True

    return work


def known(connection: sqlite3.Connection, measurement: str) -> bool:
    """Whether an experiment is stored."""
    found = connection.execute("SELECT 1 FROM finding WHERE measurement = ?", (bytes.fromhex(measurement),))
    return found.fetchone() is not None


def revise(transaction: Transaction, finding: Finding) -> None:
    """Write what an experiment shows by newer rules; StoreError where it is not stored."""
    if not transaction.connection.execute(_UPDATE, LAYOUT.row(finding, transaction.symbols)).rowcount:
        raise StoreError(f"experiment {finding.measurement} is not stored, so it cannot be read again")


def select(
    connection: sqlite3.Connection,
    texts: Texts,
    *,
    since: datetime | None,
    until: datetime | None,
    target: str | None,
    vantage: str | None,
    kind: str | None,
) -> tuple[Finding, ...]:
    """The findings that fit, by time; `since` <= time < `until`."""
    given = {
        "target": target,
        "vantage": vantage,
        "kind": kind,
        "since": since and microseconds(since),
        "until": until and microseconds(until),
    }
    condition, parameters = where(_CONDITIONS, given)
    rows = connection.execute(
        sentence("SELECT", LAYOUT.listed, "FROM finding", condition, "ORDER BY time, seq"), parameters
    ).fetchall()
    texts.refresh(connection)
    return tuple(LAYOUT.record(row, texts) for row in rows)

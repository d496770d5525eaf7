"""What is believed of each vantage point now."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from monitor.model import VantageStatus
from monitor.store.rows import PLAIN, Layout
from monitor.store.sql import insertion, sentence, updates
from monitor.store.symbols import Texts
from monitor.store.transaction import Transaction, claim

LAYOUT = Layout(VantageStatus, why=PLAIN)

_REPLACE = insertion("health", LAYOUT.columns, updates(LAYOUT.columns))


def put(transaction: Transaction, statuses: Iterable[VantageStatus]) -> None:
    """Write each vantage point's status over the one before."""
    for status in statuses:
        claim(transaction, status.simulated)
        transaction.connection.execute(_REPLACE, LAYOUT.row(status, transaction.symbols))


def select(connection: sqlite3.Connection, texts: Texts) -> tuple[VantageStatus, ...]:
    """The status of every vantage point that has one, by its id."""
    rows = connection.execute(sentence("SELECT", LAYOUT.listed, "FROM health")).fetchall()
    texts.refresh(connection)
    return tuple(sorted((LAYOUT.record(row, texts) for row in rows), key=lambda status: status.vantage))

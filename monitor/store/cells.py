"""Series that came in already scored, each cell kept once."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from monitor.model import Cell
from monitor.store.rows import Layout
from monitor.store.sql import insertion, sentence, spells, where
from monitor.store.symbols import Texts
from monitor.store.times import microseconds
from monitor.store.transaction import Transaction, claim
from probes.document import canonical, document

LAYOUT = Layout(Cell)

_INSERT = insertion("cell", ("digest", *LAYOUT.columns), "ON CONFLICT (digest) DO NOTHING")
_CONDITIONS = {"since": "start >= :since", "until": "start < :until", "target": spells("target")}


def add(transaction: Transaction, cells: Iterable[Cell]) -> int:
    """Write the cells that are not there yet; how many those were."""
    new = 0
    for cell in cells:
        claim(transaction, cell.simulated)
        row = LAYOUT.row(cell, transaction.symbols) | {
            "digest": hashlib.sha256(canonical(document(cell))).digest()[:16]
        }
        new += transaction.connection.execute(_INSERT, row).rowcount
    return new


def select(
    connection: sqlite3.Connection, texts: Texts, *, since: datetime | None, until: datetime | None, target: str | None
) -> tuple[Cell, ...]:
    """The cells with `since` <= start < `until`, by start."""
    given = {"since": since and microseconds(since), "until": until and microseconds(until), "target": target}
    condition, parameters = where(_CONDITIONS, given)
    rows = connection.execute(
        sentence("SELECT", LAYOUT.listed, "FROM cell", condition, "ORDER BY start, id"), parameters
    ).fetchall()
    texts.refresh(connection)
    return tuple(LAYOUT.record(row, texts) for row in rows)

"""Packs that are mostly dead: what is alive in them is appended to the newest pack, and the file goes.

A pack is never changed. Its documents move in small transactions, each synced before its commit like any append; when
none is left, one transaction takes the pack out of the index, and then the file is unlinked. A crash in between leaves
documents in one of the two packs, and at most a file that nobody speaks of, which the next opening sweeps away.
"""

from __future__ import annotations

import sqlite3

from monitor.store import documents
from monitor.store.packs import Spot, pack_path, record
from monitor.store.transaction import Transaction
from monitor.store.upkeep import Told, Upkeep

ALIVE = 0.5
"""A pack is written anew when at most this share of its bytes belongs to documents in the index."""
PIECE = 200
"""Documents that one transaction moves."""

_SHARES = (
    "SELECT pack.id, pack.bytes, coalesce(sum(document.length), 0) AS alive FROM pack "
    "LEFT JOIN document ON document.pack = pack.id GROUP BY pack.id ORDER BY pack.id"
)


def repack(upkeep: Upkeep, told: Told) -> tuple[int, int]:
    """Write the packs anew that are mostly dead, the newest left out; how many, and how many bytes were given back."""
    packs = freed = 0
    for number, size, alive in upkeep.read(_worn):
        told(f"pack {number}")
        while upkeep.write(lambda transaction, number=number: _move(transaction, upkeep, number)):  # type: ignore[misc]
            told(f"pack {number}")
        told("commit")
        if upkeep.write(lambda transaction, number=number: _retire(transaction, number)):  # type: ignore[misc]
            told("unlink")
            pack_path(upkeep.folder, number).unlink(missing_ok=True)
            packs, freed = packs + 1, freed + size - alive
    return packs, freed


def _worn(connection: sqlite3.Connection) -> list[tuple[int, int, int]]:
    found = connection.execute(_SHARES).fetchall()
    return [(row["id"], row["bytes"], row["alive"]) for row in found[:-1] if row["alive"] <= ALIVE * row["bytes"]]


def _move(transaction: Transaction, upkeep: Upkeep, number: int) -> int:
    rows = transaction.connection.execute(
        "SELECT id, start, length FROM document WHERE pack = ? ORDER BY start LIMIT ?", (number, PIECE)
    ).fetchall()
    for row in rows:
        documents.move(transaction, row["id"], record(upkeep.folder, Spot(pack=number, start=row[1], length=row[2])))
    return len(rows)


def _retire(transaction: Transaction, number: int) -> bool:
    gone = "DELETE FROM pack WHERE id = ? AND NOT EXISTS (SELECT 1 FROM document WHERE pack = ?)"
    return transaction.connection.execute(gone, (number, number)).rowcount > 0

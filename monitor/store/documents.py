"""Where each raw document is, by its hash; the same document is kept once."""

from __future__ import annotations

import sqlite3

from monitor.store.packs import Document, Spot
from monitor.store.transaction import Transaction

_PACK = "INSERT INTO pack VALUES (?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes"
_ADD = "INSERT INTO document (sha256, pack, start, length, size) VALUES (?, ?, ?, ?, ?) RETURNING id"


def keep(transaction: Transaction, document: Document) -> int:
    """The id of a document, appended to the pack where it was not known."""
    connection = transaction.connection
    known = connection.execute("SELECT id FROM document WHERE sha256 = ?", (document.sha256,)).fetchone()
    if known is None:
        spot = transaction.packs.append(document)
        row = (document.sha256, spot.pack, spot.start, spot.length, document.size)
        known = connection.execute(_ADD, row).fetchone()
    return int(known[0])


def acknowledge(transaction: Transaction) -> None:
    """Sync the pack and write down how long it is: the last thing before the commit."""
    packs = transaction.packs
    packs.sync()
    if packs.end:
        transaction.connection.execute(_PACK, (packs.number, packs.end))


def committed(connection: sqlite3.Connection) -> dict[int, int]:
    """The acknowledged length of each pack."""
    return dict(connection.execute("SELECT id, bytes FROM pack").fetchall())


def of_measurement(connection: sqlite3.Connection, measurement: bytes) -> Spot | None:
    """Where the document of a measurement is, be it a visit or an experiment."""
    return _spot(
        connection.execute(
            "SELECT pack, start, length FROM document "
            "WHERE id = coalesce((SELECT document FROM observation WHERE measurement = :measurement), "
            "(SELECT document FROM finding WHERE measurement = :measurement))",
            {"measurement": measurement},
        ).fetchone()
    )


def of_hash(connection: sqlite3.Connection, sha256: bytes) -> Spot | None:
    """Where the document with this hash is."""
    return _spot(connection.execute("SELECT pack, start, length FROM document WHERE sha256 = ?", (sha256,)).fetchone())


def _spot(row: sqlite3.Row | None) -> Spot | None:
    return None if row is None else Spot(pack=row["pack"], start=row["start"], length=row["length"])

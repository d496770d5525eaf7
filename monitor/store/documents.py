"""Where each raw document is, by its hash; the same document is kept once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from monitor.store.packs import Document, Spot
from monitor.store.sql import sentence
from monitor.store.transaction import Transaction

_PACK = "INSERT INTO pack VALUES (?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes"
_ADD = "INSERT INTO document (sha256, pack, start, length, size, own) VALUES (?, ?, ?, ?, ?, ?) RETURNING id"
_OWN = "sha256 BETWEEN :first AND :last AND own"


def keep(transaction: Transaction, document: Document, *, own: bool = False) -> int:
    """The id of a document, appended to the pack where it was not known; `own` is a measurement's canonical one."""
    connection = transaction.connection
    known = connection.execute("SELECT id, own FROM document WHERE sha256 = ?", (document.sha256,)).fetchone()
    if known is None:
        spot = transaction.packs.append(document)
        row = (document.sha256, spot.pack, spot.start, spot.length, document.size, int(own))
        known = connection.execute(_ADD, row).fetchone()
    elif own and not known["own"]:
        connection.execute("UPDATE document SET own = 1 WHERE id = ?", (known["id"],))
    return int(known[0])


def drop(connection: sqlite3.Connection, measurements: Iterable[bytes]) -> None:
    """Forget the own documents of measurements; the bytes go when their pack is written anew (`prune`)."""
    connection.executemany(
        sentence("DELETE FROM document WHERE", _OWN), [half(measurement) for measurement in measurements]
    )


def move(transaction: Transaction, number: int, record: bytes) -> None:
    """Append the record of a known document to the newest pack, unchanged."""
    spot = transaction.packs.append(Document(sha256=b"", size=0, record=record))
    transaction.connection.execute(
        "UPDATE document SET pack = ?, start = ? WHERE id = ?", (spot.pack, spot.start, number)
    )


def has_own(connection: sqlite3.Connection, measurement: bytes) -> bool:
    """Whether the document of a measurement is kept."""
    return connection.execute(sentence("SELECT 1 FROM document WHERE", _OWN), half(measurement)).fetchone() is not None


def id_of(connection: sqlite3.Connection, sha256: bytes) -> int | None:
    """The id of the document whose hash is, or begins with, `sha256`; None where it is not kept."""
    span = {"first": sha256, "last": sha256.ljust(32, b"\xff")}
    found = connection.execute("SELECT id FROM document WHERE sha256 BETWEEN :first AND :last", span).fetchone()
    return None if found is None else int(found[0])


def half(measurement: bytes) -> dict[str, bytes]:
    """The span of hashes whose first half is a measurement's id."""
    return {"first": measurement, "last": measurement + b"\xff" * 16}


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
    """Where the document of a measurement is, be it a visit or an experiment, in the tail or sealed."""
    return _spot(
        connection.execute(
            sentence("SELECT pack, start, length FROM document WHERE", _OWN), half(measurement)
        ).fetchone()
    )


def of_hash(connection: sqlite3.Connection, sha256: bytes) -> Spot | None:
    """Where the document with this hash is."""
    return _spot(connection.execute("SELECT pack, start, length FROM document WHERE sha256 = ?", (sha256,)).fetchone())


def _spot(row: sqlite3.Row | None) -> Spot | None:
    return None if row is None else Spot(pack=row["pack"], start=row["start"], length=row["length"])

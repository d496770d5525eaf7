"""Where each raw document is, by its hash; the same document is kept once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from monitor.store.packs import Document, Spot
from monitor.store.sql import batch_insertion, places, sentence
from monitor.store.transaction import Transaction

_PACK = "INSERT INTO pack VALUES (?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes"
_ADD = batch_insertion("document", ("id", "sha256", "pack", "start", "length", "size", "own"))
_OWN = "sha256 BETWEEN :first AND :last AND own"


def keep(transaction: Transaction, document: Document, *, own: bool = False) -> int:
    """The id of a document, appended to the pack where it was not known; `own` is a measurement's canonical one."""
    return keep_all(transaction, [document], own=own)[document.sha256]


def keep_all(transaction: Transaction, given: Iterable[Document], *, own: bool = False) -> Mapping[bytes, int]:
    """`keep` for many: the ids by hash."""
    connection, documents = transaction.connection, {document.sha256: document for document in given}
    known = _known(connection, list(documents))
    new = [document for sha256, document in documents.items() if sha256 not in known]
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM document").fetchone()
    ids = {sha256: number for sha256, (number, _) in known.items()}
    rows = []
    for number, (document, spot) in enumerate(zip(new, transaction.packs.append_all(new), strict=True), newest + 1):
        ids[document.sha256] = number
        rows.append((number, document.sha256, spot.pack, spot.start, spot.length, document.size, int(own)))
    connection.executemany(_ADD, rows)
    if own:
        promoted = [(number,) for number, already in known.values() if not already]
        connection.executemany("UPDATE document SET own = 1 WHERE id = ?", promoted)
    return ids


def owned(connection: sqlite3.Connection, hashes: Sequence[bytes]) -> set[bytes]:
    """Which of these are kept as a measurement's own document."""
    return {sha256 for sha256, (_, own) in _known(connection, hashes).items() if own}


def _known(connection: sqlite3.Connection, hashes: Sequence[bytes]) -> dict[bytes, tuple[int, bool]]:
    """Id, and whether it is a measurement's own, of each of these documents that is kept."""
    statement = sentence("SELECT sha256, id, own FROM document WHERE sha256 IN", places(len(hashes)))
    return {row["sha256"]: (row["id"], bool(row["own"])) for row in connection.execute(statement, hashes)}


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

"""Retention: results, counts and documents that are past their time are removed; events and their witnesses never.

Rows go by whole months, each segment in one transaction that also takes its documents out of the index. A row that
proves an event, now or in an earlier revision, stays with its document. From the removal on, results of that time are
no longer taken in (they would be counted a second time), and counts are left as they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitor.store import documents, repacking, segments
from monitor.store.policy import Policy
from monitor.store.rollups import SERIES
from monitor.store.sealing import write
from monitor.store.segments import Segment, Written, month_start
from monitor.store.sql import sentence
from monitor.store.thinning import witnesses
from monitor.store.times import microseconds
from monitor.store.transaction import Transaction
from monitor.store.upkeep import Told, Upkeep, quiet

PIECE = 20_000
"""Rows of the tail that one transaction removes."""
_STAYS = "(seq IN (SELECT seq FROM latest) OR seq = (SELECT max(seq) FROM observation))"
_SET = "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What a pruning removed."""

    rows: int = 0
    segments: int = 0
    counts: int = 0
    """Rows of the hourly and daily tables."""
    packs: int = 0
    pack_bytes: int = 0


def prune(upkeep: Upkeep, policy: Policy, *, told: Told = quiet) -> Pruned:
    """Remove what the policy no longer keeps, and write packs anew that are mostly dead. Safe to end at any moment."""
    now = upkeep.now()
    with upkeep.alone():
        rows, gone = (0, 0) if policy.raw is None else _prune_rows(upkeep, month_start(now - policy.raw), told)
        told("counts")
        counts = upkeep.write(lambda transaction: _prune_counts(transaction, policy, now))
        packs, freed = repacking.repack(upkeep, told)
        return Pruned(rows=rows, segments=gone, counts=counts, packs=packs, pack_bytes=freed)


def _prune_rows(upkeep: Upkeep, cutoff: datetime, told: Told) -> tuple[int, int]:
    edge = microseconds(cutoff)
    upkeep.write(lambda transaction: _raise_watermark(transaction.connection, edge))
    removed = gone = 0
    for segment in upkeep.read(segments.live):
        if segment.max_time < edge:
            told(f"rows of {segment.month}")
            count = _prune_segment(upkeep, segment, told)
            removed, gone = removed + count, gone + (count > 0)
    while count := upkeep.write(lambda transaction: _prune_tail(transaction, edge)):
        told("rows of the tail")
        removed += count
    return removed, gone


def _raise_watermark(connection: sqlite3.Connection, edge: int) -> None:
    connection.execute(
        "INSERT INTO meta VALUES ('kept_since', ?) ON CONFLICT DO UPDATE SET value = excluded.value "
        "WHERE CAST(excluded.value AS INTEGER) > CAST(value AS INTEGER)",
        (str(edge),),
    )


def _prune_segment(upkeep: Upkeep, segment: Segment, told: Told) -> int:
    needed = list(upkeep.read(witnesses))
    source = upkeep.archive.source([segment])
    with upkeep.archive.engine.session() as session:
        rows = upkeep.archive.ask(session, [segment], f"SELECT seq, measurement, original FROM {source}", {})  # noqa: S608
        present = {row[0] for row in upkeep.read(lambda connection: _marked(connection, segment))}
        wanted = set(needed)
        staying = [row[0] for row in rows if row[1] in wanted and row[0] not in present]
        if len(staying) + sum(row[1] in wanted for row in rows if row[0] in present) == len(rows):
            return 0
        written = None
        if staying:
            session.execute("CREATE OR REPLACE TEMP TABLE staying AS SELECT unnest($seqs) AS seq", {"seqs": staying})
            number = upkeep.read(segments.next_id)
            written = write(
                upkeep,
                session,
                number,
                segment.month,
                told=told,
                source=sentence("FROM", source, "WHERE seq IN (FROM staying)"),
            )
    told("commit")
    count = upkeep.write(lambda transaction: _commit(transaction, segment, written, rows, wanted))
    told("unlink")
    (upkeep.folder.path / segment.path).unlink(missing_ok=True)
    return count


def _marked(connection: sqlite3.Connection, segment: Segment) -> list[Any]:
    return connection.execute("SELECT seq FROM observation WHERE sealed = ?", (segment.id,)).fetchall()


def _commit(
    transaction: Transaction,
    segment: Segment,
    written: Written | None,
    rows: list[tuple[Any, ...]],
    wanted: set[bytes],
) -> int:
    connection = transaction.connection
    present = connection.execute(
        sentence("SELECT seq, measurement,", _STAYS, "AS stays FROM observation WHERE sealed = ?"), (segment.id,)
    ).fetchall()
    kept = {row["measurement"] for row in present if row["stays"] or row["measurement"] in wanted}
    connection.executemany(
        "DELETE FROM observation WHERE seq = ?", [(row["seq"],) for row in present if row["measurement"] not in kept]
    )
    connection.execute("UPDATE observation SET sealed = NULL WHERE sealed = ?", (segment.id,))
    if written is not None:
        segments.enter(connection, written)
    segments.remove(connection, [segment], transaction.clock(), by=None if written is None else written.id)
    gone = [row for row in rows if row[1] not in kept and row[1] not in wanted]
    _forget(transaction, [row[1] for row in gone], {row[2] for row in gone if row[2] is not None})
    return len(gone)


def _prune_tail(transaction: Transaction, edge: int) -> int:
    connection = transaction.connection
    wanted = witnesses(connection)
    statement = sentence(
        "SELECT seq, measurement, (SELECT sha256 FROM document WHERE id = original) AS original FROM observation",
        *("WHERE time < ? AND sealed IS NULL AND NOT", _STAYS),
    )
    gone = []
    for row in connection.execute(statement, (edge,)):
        if row["measurement"] not in wanted:
            gone.append(row)
        if len(gone) == PIECE:
            break
    connection.executemany("DELETE FROM observation WHERE seq = ?", [(row["seq"],) for row in gone])
    originals = {row["original"] for row in gone if row["original"] is not None}
    _forget(transaction, [row["measurement"] for row in gone], originals)
    return len(gone)


def _forget(transaction: Transaction, measurements: list[bytes], originals: set[bytes]) -> None:
    """Count the rows as removed, and take their documents out of the index; originals where no other row names them."""
    connection = transaction.connection
    documents.drop(connection, measurements)
    connection.executemany(
        "DELETE FROM document WHERE sha256 = ? AND NOT own "
        "AND NOT EXISTS (SELECT 1 FROM observation WHERE original = document.id)",
        [(original,) for original in sorted(originals - _named(transaction, originals))],
    )
    connection.execute(
        "INSERT INTO meta VALUES ('pruned', ?) "
        "ON CONFLICT DO UPDATE SET value = CAST(value AS INTEGER) + CAST(excluded.value AS INTEGER)",
        (str(len(measurements)),),
    )


def _named(transaction: Transaction, originals: Iterable[bytes]) -> set[bytes]:
    """Which of these originals a live segment names."""
    asked = {"originals": list(originals)}
    if not asked["originals"]:
        return set()
    tests = ["original IN (SELECT unnest($originals))"]
    found = transaction.archive.rows(transaction.connection, "SELECT DISTINCT original", tests, asked)
    return {row[0] for row in found}


def _prune_counts(transaction: Transaction, policy: Policy, now: datetime) -> int:
    spans: dict[str, timedelta | None] = {"hourly": policy.hourly, "daily": policy.daily}
    removed = 0
    for series in SERIES:
        if (span := spans[series.policy]) is not None:
            edge = microseconds(month_start(now - span)) // series.width
            transaction.connection.execute(_SET, (f"{series.policy}_from", str(edge)))
            statement = sentence("DELETE FROM", series.table, "WHERE", series.unit, "< ?")
            removed += transaction.connection.execute(statement, (edge,)).rowcount
    return removed

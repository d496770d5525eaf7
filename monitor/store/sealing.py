"""Sealing: a stretch of the tail, within one month, becomes a segment.

The steps, in this order, so that a crash between any two leaves every row in exactly one place:

    read      the rows of one snapshot into the engine
    write     sorted, to a temporary file, and read back
    sync      the file
    rename    to its name
    settle    sync the folder
    commit    one transaction: the segment into the manifest, its rows out of the tail

Until the commit the file does not exist for anybody, and a new opening of the store sweeps it away. Rows stay in the
tail, marked with the segment, that were judged again since they were read, that are the newest of their page (`latest`
points at them), or that carry the highest number (numbers are never given twice).
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.store import documents, observations, segments, thinning
from monitor.store.archive import LAYOUT, SEALED, quoted
from monitor.store.errors import StoreError
from monitor.store.segments import Written
from monitor.store.sql import sentence
from monitor.store.times import microseconds
from monitor.store.transaction import Transaction
from monitor.store.upkeep import Told, Upkeep, quiet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PIECE = 100_000
"""Rows of one segment at most: the writer is busy with removing them for about two seconds."""
BATCH = 10_000
"""Rows that are in Python's hands at a time."""
ROW_GROUP = 100_000
"""Rows of a row group: what a narrow question has to unpack at least; half as many cost 4 % more bytes."""
LEVEL = 6
"""Of zstd: an eighth fewer bytes than its default, and written as fast, because sorting takes the time."""

_EDGES = "count(*), count(DISTINCT seq), min(seq), max(seq), min(time), max(time)"
_STRETCH = "time >= :start AND time < :end AND seq <= :newest AND sealed IS NULL"
KEPT = "(revised > :revised OR seq IN (SELECT seq FROM latest) OR seq = (SELECT max(seq) FROM observation))"
"""Which sealed rows stay in the tail: judged again meanwhile, newest of their page, or of the highest number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Rows to be sealed: of one month, `start` <= time < `end`, up to number `newest`."""

    id: int
    month: str
    start: int
    end: int
    newest: int
    revised: int
    """The highest number of a revision when the rows were read."""

    @property
    def span(self) -> dict[str, int]:
        """The parameters of the conditions that stand for this stretch."""
        return {"start": self.start, "end": self.end, "newest": self.newest, "revised": self.revised}


def seal(
    upkeep: Upkeep, before: datetime, *, keep_ok: int = 1, piece: int = PIECE, told: Told = quiet
) -> Written | None:
    """Seal the oldest rows before a moment, at most `piece` and of one month; None where there are none.

    `keep_ok`: of the ok documents that `thinning` may drop, one in so many is kept (1 keeps all). EngineMissing without
    DuckDB; after any StoreError the rows are where they were.
    """
    with upkeep.alone():
        stretch = upkeep.read(lambda connection: plan(connection, microseconds(before), piece))
        if stretch is None:
            return None
        segments.sweep(upkeep.folder, upkeep.read(segments.live))
        with upkeep.archive.engine.session() as session:
            told("read")
            upkeep.read(lambda connection: load(session, tail(connection, _STRETCH, stretch.span)))
            written = write(upkeep, session, stretch.id, stretch.month, told=told)
            thinned = thinning.dispensable(session, keep_ok) if keep_ok > 1 else []
        told("commit")
        upkeep.write(lambda transaction: _commit(transaction, stretch, written, thinned))
        told("done")
        return written


def plan(connection: sqlite3.Connection, until: int, piece: int) -> Stretch | None:
    """The oldest stretch before `until` that is not sealed, of at most `piece` rows unless they share one moment."""
    oldest = "SELECT time FROM observation WHERE time < ? AND sealed IS NULL ORDER BY time LIMIT 1"
    found = connection.execute(oldest, (until,)).fetchone()
    if found is None:
        return None
    start = found["time"]
    end = min(until, segments.month_after(start))
    more = connection.execute(
        "SELECT time FROM observation WHERE time >= ? AND time < ? AND sealed IS NULL ORDER BY time LIMIT 1 OFFSET ?",
        (start, end, piece),
    ).fetchone()
    (newest,) = connection.execute("SELECT max(seq) FROM observation").fetchone()
    return Stretch(
        id=segments.next_id(connection),
        month=segments.month_of(start),
        start=start,
        end=max(more["time"], start + 1) if more else end,
        newest=newest,
        revised=observations.revisions(connection),
    )


def tail(
    connection: sqlite3.Connection, condition: str, given: dict[str, Any], columns: tuple[str, ...] = SEALED
) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of the tail in the form of a segment, in batches."""
    cursor = connection.cursor()
    cursor.row_factory = None
    cursor.execute(sentence("SELECT", ", ".join(map(_spelled, columns)), "FROM observation WHERE", condition), given)
    while rows := cursor.fetchmany(BATCH):
        yield rows


def load(
    session: DuckDBPyConnection,
    batches: Iterator[list[tuple[Any, ...]]],
    table: str = "sealing",
    columns: tuple[str, ...] = SEALED,
) -> None:
    """Put rows of the tail into a new table of the engine."""
    session.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({', '.join(map(_column, columns))})")
    with session.appender(table) as appender:
        for rows in batches:
            appender.append_rows(rows)


def write(
    upkeep: Upkeep, session: DuckDBPyConnection, number: int, month: str, *, told: Told, source: str = "FROM sealing"
) -> Written:
    """Write the rows of `source`, sorted, as a durable segment file; StoreError where the file does not hold them."""
    temporary, final = segments.place(upkeep.folder, number, month)
    told("write")
    options = f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {LEVEL}, ROW_GROUP_SIZE {ROW_GROUP})"
    order = "ORDER BY target, vantage, time, seq"
    with engine_faults(upkeep):
        session.execute(sentence("COPY (SELECT *", source, order, ") TO", quoted(temporary), options))
        ((rows, numbers, *edges),) = session.execute(sentence("SELECT", _EDGES, "FROM", quoted(temporary))).fetchall()
    if rows != numbers or not rows:
        raise StoreError(f"{temporary} does not hold what was to be sealed: nothing was changed; seal again")
    size, digest = segments.publish(temporary, final, told)
    return Written(
        id=number,
        path=str(final.relative_to(upkeep.folder.path)),
        month=month,
        rows=rows,
        size=size,
        sha256=digest,
        **dict(zip(("min_seq", "max_seq", "min_time", "max_time"), edges, strict=True)),
    )


@contextmanager
def engine_faults(upkeep: Upkeep) -> Iterator[None]:
    """Turn what the engine says of a disk that refuses into the exceptions of the disk."""
    import duckdb  # noqa: PLC0415 - an extra

    try:
        yield
    except duckdb.IOException as fault:
        text = str(fault).splitlines()[0]
        if any(words in text for words in ("No space left", "File too large", "quota")):
            raise OSError(errno.ENOSPC, "No space left on device") from fault
        raise StoreError(f"{upkeep.folder.path} could not be sealed ({text}): nothing was changed") from fault


def _commit(transaction: Transaction, stretch: Stretch, written: Written, thinned: list[bytes]) -> None:
    connection, span = transaction.connection, stretch.span
    marked = connection.execute(
        sentence("UPDATE observation SET sealed = :id WHERE", _STRETCH, "AND", KEPT), span | {"id": stretch.id}
    ).rowcount
    removed = connection.execute(sentence("DELETE FROM observation WHERE", _STRETCH), span).rowcount
    if marked + removed != written.rows:
        raise StoreError(
            f"{written.path} holds {written.rows} rows and the tail {marked + removed}: nothing was changed; seal again"
        )
    segments.enter(connection, written)
    kept = {row[0] for row in connection.execute("SELECT measurement FROM observation WHERE sealed = ?", (stretch.id,))}
    documents.drop(connection, thinning.unneeded(connection, [it for it in thinned if it not in kept]))


def _spelled(column: str) -> str:
    if column == "original":
        return sentence("(SELECT sha256 FROM document WHERE id = original) AS", column)
    if column in LAYOUT.symbols:
        return sentence("(SELECT text FROM symbol WHERE id =", f"observation.{column}) AS", column)
    return column


_KINDS = {"measurement": "BLOB", "original": "BLOB", "also": "VARCHAR"}
_SECONDS = frozenset({"dns", "tcp", "tls", "first_byte", "total"})


def _column(name: str) -> str:
    if name in LAYOUT.symbols:
        return f"{name} VARCHAR"
    return f"{name} {_KINDS.get(name, 'DOUBLE' if name in _SECONDS else 'BIGINT')}"

"""Compaction: the segments of one month, and what was judged again since, become one new sorted segment.

No file is changed. The new one is written and synced as in sealing; one transaction puts it into the manifest in the
place of the old ones and takes the rows that it took in out of the tail; then the old files are unlinked. Who still
reads by an older manifest finds a file missing and asks again.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from itertools import groupby

from monitor.store import observations, segments
from monitor.store.archive import SEALED
from monitor.store.errors import StoreError
from monitor.store.sealing import KEPT, load, tail, write
from monitor.store.segments import Segment, Written
from monitor.store.sql import sentence
from monitor.store.transaction import Transaction
from monitor.store.upkeep import Told, Upkeep, quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Merger:
    """Segments of one month that are to become one."""

    id: int
    month: str
    parts: tuple[Segment, ...]
    revised: int
    """The highest number of a revision when the rows were read."""

    @property
    def rows(self) -> int:
        """How many rows the new segment has to hold."""
        return sum(part.rows for part in self.parts)


def compact(upkeep: Upkeep, *, parts: int = 2, told: Told = quiet) -> Written | None:
    """Merge the first month that has at least `parts` segments (or revised rows, with 1); None where none has.

    EngineMissing without DuckDB; after any StoreError the segments are as they were.
    """
    with upkeep.alone():
        merger = upkeep.read(lambda connection: plan(connection, parts))
        if merger is None:
            return None
        segments.sweep(upkeep.folder, upkeep.read(segments.live))
        written = upkeep.read(lambda connection: merge(upkeep, connection, merger, told))
        if written.rows != merger.rows:
            raise StoreError(f"{written.path} holds {written.rows} of {merger.rows} rows: nothing was changed")
        told("commit")
        upkeep.write(lambda transaction: _commit(transaction, merger, written))
        told("unlink")
        unlink(upkeep, merger.parts)
        told("done")
        return written


def plan(connection: sqlite3.Connection, parts: int) -> Merger | None:
    """The oldest month with so many segments; with `parts` 1 also one of whose rows some were judged again."""
    revised = observations.revisions(connection)
    for month, found in groupby(segments.live(connection), key=lambda segment: segment.month):
        chosen = tuple(found)
        if len(chosen) >= max(parts, 2) or (parts == 1 and _returning(connection, chosen)):
            return Merger(id=segments.next_id(connection), month=month, parts=chosen, revised=revised)
    return None


def merge(upkeep: Upkeep, connection: sqlite3.Connection, merger: Merger, told: Told) -> Written:
    """Write the present form of all rows of the parts as one new file."""
    with upkeep.archive.engine.session() as session:
        told("read")
        load(session, tail(connection, sentence("sealed IN", _ids(merger)), {}), "present")
        columns = ", ".join(SEALED)
        source = sentence(
            *("FROM (SELECT", columns, "FROM", upkeep.archive.source(merger.parts)),
            "WHERE seq NOT IN (SELECT seq FROM present) UNION ALL FROM present)",
        )
        return write(upkeep, session, merger.id, merger.month, told=told, source=source)


def unlink(upkeep: Upkeep, gone: tuple[Segment, ...]) -> None:
    """Remove the files of segments that the manifest no longer calls live."""
    for segment in gone:
        (upkeep.folder.path / segment.path).unlink(missing_ok=True)


def _commit(transaction: Transaction, merger: Merger, written: Written) -> None:
    connection, ids = transaction.connection, _ids(merger)
    given = {"revised": merger.revised, "id": merger.id}
    connection.execute(
        sentence("DELETE FROM observation WHERE sealed IN", ids, "AND NOT coalesce(", KEPT, ", 0)"), given
    )
    connection.execute(sentence("UPDATE observation SET sealed = :id WHERE sealed IN", ids), given)
    segments.enter(connection, written)
    segments.remove(connection, merger.parts, transaction.clock(), by=written.id)


def _returning(connection: sqlite3.Connection, chosen: tuple[Segment, ...]) -> bool:
    """Whether a row of these segments stands in the tail only because it was judged again."""
    ids = f"({', '.join(str(segment.id) for segment in chosen)})"
    statement = sentence(
        *("SELECT 1 FROM observation WHERE sealed IN", ids, "AND revised IS NOT NULL"),
        "AND seq NOT IN (SELECT seq FROM latest) LIMIT 1",
    )
    return connection.execute(statement).fetchone() is not None


def _ids(merger: Merger) -> str:
    return f"({', '.join(str(part.id) for part in merger.parts)})"

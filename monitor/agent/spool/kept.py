"""The measurements in the spool: how they are put in, read again in their order, and forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from monitor.agent.clock import Comparison, Moment
from monitor.agent.spool.file import used
from monitor.agent.spool.packing import FrameError, pack, unpack
from monitor.wire import ClockReading
from probes.document import rfc3339

_WORSE = 0.5
"""A document that takes more than this part of what it takes alone becomes the one that later ones are packed
against."""
_APART = 1.0
"""Seconds: what was made under clock offsets that differ by more goes into different batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement's document, the clock that it was made by, and the plan; no content where it is damaged."""

    id: int
    content: bytes | None
    clock: ClockReading
    plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits: measurements, when the oldest was made (RFC 3339; empty for none), and bytes on disk."""

    waiting: int
    oldest: str
    bytes: int


def insert(connection: sqlite3.Connection, content: bytes, *, page: str, made: str, moment: Moment, plan: str) -> None:
    """Put a document in; `page` names the measurements that resemble it."""
    earlier, frame = _packed(connection, page, content)
    connection.execute(
        "INSERT INTO measurement (made, boot, steady, wall, plan, size, earlier, frame) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (made, moment.boot, moment.steady, rfc3339(moment.wall), plan, len(content), earlier, frame),
    )


def _packed(connection: sqlite3.Connection, page: str, content: bytes) -> tuple[int, bytes]:
    known = connection.execute(
        "SELECT id, size, frame FROM earlier WHERE page = ? ORDER BY id DESC LIMIT 1", (page,)
    ).fetchone()
    alone = pack(content)
    if known is not None:
        try:
            frame = pack(content, unpack(known["frame"], known["size"]))
        except FrameError:
            frame = alone
        if len(frame) <= _WORSE * len(alone):
            return int(known["id"]), frame
    made = connection.execute(
        "INSERT INTO earlier (page, size, frame) VALUES (?, ?, ?) RETURNING id", (page, len(content), alone)
    )
    return int(made.fetchone()[0]), pack(content, content)


def oldest(connection: sqlite3.Connection, number: int) -> Iterator[Row]:
    """At most so many measurements, the oldest first."""
    found = connection.execute("SELECT * FROM measurement ORDER BY id LIMIT ?", (number,))
    known = {row["boot"]: Comparison(**dict(row)) for row in connection.execute("SELECT * FROM comparison")}
    for row in found:
        moment = Moment(boot=row["boot"], steady=row["steady"], wall=datetime.fromisoformat(row["wall"]))
        clock = known[row["boot"]].reading(moment) if row["boot"] in known else ClockReading()
        yield Row(id=row["id"], content=_unpacked(connection, row), clock=clock, plan=row["plan"])


def _unpacked(connection: sqlite3.Connection, row: sqlite3.Row) -> bytes | None:
    held = connection.execute("SELECT size, frame FROM earlier WHERE id = ?", (row["earlier"],)).fetchone()
    try:
        return None if held is None else unpack(row["frame"], row["size"], unpack(held["frame"], held["size"]))
    except FrameError:
        return None


def comparison(connection: sqlite3.Connection, boot: str) -> Comparison | None:
    """What is known of the collector's clock in a boot."""
    row = connection.execute("SELECT * FROM comparison WHERE boot = ?", (boot,)).fetchone()
    return None if row is None else Comparison(**dict(row))


def forget(connection: sqlite3.Connection, first: int, last: int) -> tuple[int, str, str]:
    """Remove measurements by their ids, and what nothing else is packed against: after delivery no page is left on
    the operator's disk. How many they were, and when the first and the last were made."""
    count, since, until = connection.execute(
        "SELECT count(*), min(made), max(made) FROM measurement WHERE id BETWEEN ? AND ?", (first, last)
    ).fetchone()
    connection.execute("DELETE FROM measurement WHERE id BETWEEN ? AND ?", (first, last))
    connection.execute(
        "DELETE FROM earlier WHERE NOT EXISTS (SELECT 1 FROM measurement WHERE measurement.earlier = earlier.id)"
    )
    return count, since or "", until or ""


def together(one: ClockReading, other: ClockReading) -> ClockReading | None:
    """One reading for measurements of both; None where they were made under different offsets.

    >>> together(ClockReading(offset=1.0, within=0.5), ClockReading(offset=1.4, within=0.6))
    ClockReading(offset=1.0, within=1.0)
    >>> together(ClockReading(offset=1.0, within=0.5), ClockReading()) is None
    True
    """
    if one.offset is None or other.offset is None:
        return one if one.offset is other.offset else None
    apart = abs(one.offset - other.offset)
    if apart > _APART:
        return None
    return ClockReading(offset=one.offset, within=round(max(one.within or 0.0, (other.within or 0.0) + apart), 3))


def backlog(connection: sqlite3.Connection) -> Backlog:
    """What waits in a spool's file."""
    count, first = connection.execute("SELECT count(*), min(made) FROM measurement").fetchone()
    return Backlog(waiting=count, oldest=first or "", bytes=used(connection))

"""The record of who did what: it only grows, and each line is tied to the one before by a hash."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime

from monitor.access.database import Database, number, time
from monitor.access.words import Entry


def note(connection: sqlite3.Connection, now: datetime, actor: str, action: str, subject: str = "") -> None:
    """Write a line in the transaction of the change that it tells of: both are there, or neither."""
    last = connection.execute("SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    following = 1 if last is None else last["number"] + 1
    digest = _digest("" if last is None else last["digest"], following, number(now), actor, action, subject)
    row = (following, number(now), actor, action, subject, digest)
    connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", row)


def entries(database: Database, since: datetime | None = None) -> tuple[Entry, ...]:
    """The lines from a time on, oldest first."""
    with database.reading() as connection:
        return () if connection is None else tuple(_entries(connection, since))


def broken(database: Database) -> int | None:
    """The number of the first line that is not the one that was written, or that follows a gap; None where all are."""
    before, expected = "", 1
    for entry in entries(database):
        said = _digest(before, entry.number, number(entry.time), entry.actor, entry.action, entry.subject)
        if (entry.number, entry.digest) != (expected, said):
            return expected
        before, expected = entry.digest, expected + 1
    return None


def _entries(connection: sqlite3.Connection, since: datetime | None) -> Iterator[Entry]:
    first = -(2**62) if since is None else number(since)
    for row in connection.execute("SELECT * FROM audit WHERE time >= ? ORDER BY number", (first,)):
        yield Entry(**dict(row) | {"time": time(row["time"])})


def _digest(before: str, *facts: int | str) -> str:
    return hashlib.sha256(json.dumps([before, *facts]).encode()).hexdigest()

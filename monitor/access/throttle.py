"""Slowing down who guesses: after some refusals in a row a name has to wait, longer each time."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import datetime, timedelta

from monitor.access.database import number

FREE = 5
"""Refusals in a row that cost nothing: people mistype."""
LONGEST = timedelta(minutes=15)
"""Longer would let a stranger lock somebody out for a day by guessing at their name."""
_KEPT = 10_000
"""Names that are remembered; the ones whose wait ended first are forgotten."""


def wait(count: int) -> timedelta:
    """How long a name waits after so many refusals.

    >>> [wait(count).total_seconds() for count in (5, 6, 7, 10, 50)]
    [0.0, 2.0, 4.0, 32.0, 900.0]
    """
    return min(timedelta(seconds=2.0 ** min(count - FREE, 20)), LONGEST) if count > FREE else timedelta(0)


def waiting(connection: sqlite3.Connection, name: str, now: datetime) -> bool:
    """Whether a name has to wait still."""
    row = connection.execute("SELECT until FROM refusal WHERE name = ?", (_mark(name),)).fetchone()
    return row is not None and number(now) < row["until"]


def count(connection: sqlite3.Connection, name: str, now: datetime) -> None:
    """One more refusal."""
    row = connection.execute("SELECT count FROM refusal WHERE name = ?", (_mark(name),)).fetchone()
    refusals = 1 if row is None else row["count"] + 1
    connection.execute(
        "INSERT OR REPLACE INTO refusal VALUES (?, ?, ?)", (_mark(name), refusals, number(now + wait(refusals)))
    )
    connection.execute(
        "DELETE FROM refusal WHERE name NOT IN (SELECT name FROM refusal ORDER BY until DESC LIMIT ?)", (_KEPT,)
    )


def forget(connection: sqlite3.Connection, name: str) -> None:
    """Begin anew, after a right password."""
    connection.execute("DELETE FROM refusal WHERE name = ?", (_mark(name),))


def _mark(name: str) -> str:
    """Names that do not exist are counted too, and are not kept as they were typed."""
    return hashlib.sha256(name.encode(errors="replace")).hexdigest()

"""What was measured and will never be sent: counted by reason, on disk, until a header tells it."""

from __future__ import annotations

import sqlite3
from typing import Literal, TypeAlias

from monitor.agent.spool.file import SpoolFull, add_to, transaction
from monitor.wire import Dropped

Why: TypeAlias = Literal["spool_full", "disk_full", "too_large", "damaged"]

_ADD = """
INSERT INTO dropped VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    count = count + excluded.count, first = min(first, excluded.first), last = max(last, excluded.last)
"""


class Losses:
    """The counts. State: those that could not be written down yet, because the disk is full."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._unwritten: list[tuple[Why, int, str, str]] = []

    def add(self, why: Why, count: int, first: str, last: str) -> None:
        """Count what was lost; where the disk is full it is remembered, and written with whatever is written next."""
        self._unwritten.append((why, count, first, last))
        self.flush()

    def flush(self) -> None:
        """Write down what could not be written before, where that is possible now."""
        if not self._unwritten:
            return
        try:
            with transaction(self._connection):
                self.write()
        except SpoolFull:
            return
        self.written()

    def note(self, why: Why, count: int, first: str, last: str) -> None:
        """Count what the open transaction removes."""
        self._connection.execute(_ADD, (why, count, first, last))
        add_to(self._connection, "lost", count)

    def write(self) -> None:
        """Write down what is not yet, inside of a transaction."""
        for each in self._unwritten:
            self.note(*each)

    def written(self) -> None:
        """The transaction with `write` was committed."""
        self._unwritten.clear()

    def untold(self) -> tuple[Dropped, ...]:
        """What no header has told yet."""
        return untold(self._connection)

    def told(self) -> None:
        """Forget the counts, inside of the transaction that keeps the header which tells them."""
        self._connection.execute("DELETE FROM dropped")


def untold(connection: sqlite3.Connection) -> tuple[Dropped, ...]:
    """The counts that are on disk and in no header yet, by reason."""
    rows = connection.execute("SELECT why, count, first, last FROM dropped ORDER BY why")
    return tuple(Dropped(**dict(row)) for row in rows)

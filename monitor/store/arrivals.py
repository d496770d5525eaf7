"""What came into the store since somebody looked last: the documents of measurements, in the order of arrival."""

from __future__ import annotations

import sqlite3

from monitor.store.sql import sentence

_SINCE = "SELECT id, sha256 FROM document WHERE id > ? AND own ORDER BY id LIMIT ?"
_NEWEST = "SELECT coalesce(max(id), 0) FROM document"


def since(connection: sqlite3.Connection, position: int, limit: int) -> list[tuple[int, bytes]]:
    """Position and SHA-256 of at most `limit` measurements' documents that came after a position, oldest first.

    Visits and experiments alike. An ok document that was dropped when its month was sealed is no longer among them.
    """
    return [(int(row[0]), bytes(row[1])) for row in connection.execute(sentence(_SINCE), (position, limit))]


def newest(connection: sqlite3.Connection) -> int:
    """The position of what came last; lower than it was where the store is an older one, restored from a backup."""
    (found,) = connection.execute(_NEWEST).fetchone()
    return int(found)

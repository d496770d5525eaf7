"""The spool's file: SQLite in WAL mode, synced at each commit, its deleted content overwritten."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_SCHEMA = """
BEGIN;
CREATE TABLE IF NOT EXISTS earlier (
    id INTEGER PRIMARY KEY, page TEXT NOT NULL, size INTEGER NOT NULL, frame BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS earlier_page ON earlier (page);
CREATE TABLE IF NOT EXISTS measurement (
    id INTEGER PRIMARY KEY AUTOINCREMENT, made TEXT NOT NULL, boot TEXT NOT NULL, steady REAL NOT NULL,
    wall TEXT NOT NULL, plan TEXT NOT NULL, size INTEGER NOT NULL, earlier INTEGER NOT NULL, frame BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS measurement_earlier ON measurement (earlier);
CREATE TABLE IF NOT EXISTS sealed (
    sequence INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    count INTEGER NOT NULL, content BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS dropped (
    why TEXT PRIMARY KEY, count INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS comparison (
    boot TEXT PRIMARY KEY, steady REAL NOT NULL, collector REAL NOT NULL, within REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS word (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
COMMIT;
"""

_SETTINGS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",
    "cache_size = -2000",
    "wal_autocheckpoint = 250",
)


class SpoolError(Exception):
    """The spool cannot be used; the message is for people."""


class SpoolFull(SpoolError):  # noqa: N818 - it says what is the matter
    """There is no room on the disk for what should be written; nothing of it was."""


def opened(path: Path) -> sqlite3.Connection:
    """The file (0600), made where it is missing; SpoolError where it cannot be used or is damaged."""
    fresh = not path.exists()
    if fresh:
        path.touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.row_factory = sqlite3.Row
    try:
        if fresh:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        for line in _SETTINGS:
            connection.execute(f"PRAGMA {line}").fetchall()
        connection.executescript(_SCHEMA)
    except sqlite3.DatabaseError as fault:
        connection.close()
        raise SpoolError(f"the spool {path} cannot be used: {fault}") from fault
    return connection


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The file for reading beside its writer; SpoolError where there is none, or it is damaged."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=10)
        connection.row_factory = sqlite3.Row
        with closing(connection):
            yield connection
    except sqlite3.Error as fault:
        raise SpoolError(f"the spool {path} cannot be read: {fault}") from fault


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, on disk at the end; SpoolFull where there is no room for it, SpoolError for other faults."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except sqlite3.Error as fault:
        full = getattr(fault, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        raise (SpoolFull if full else SpoolError)(f"the spool cannot be written: {fault}") from fault
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def used(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    return (_number(connection, "page_count") - _number(connection, "freelist_count")) * _number(
        connection, "page_size"
    )


def spare(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold nothing, and are filled before it grows."""
    return _number(connection, "freelist_count") * _number(connection, "page_size")


def _number(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def disk_free(path: Path) -> int:
    """Bytes that may still be written on the disk of a file."""
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def word(connection: sqlite3.Connection, name: str) -> str:
    """Something that was written down under a name; empty where nothing was."""
    row = connection.execute("SELECT value FROM word WHERE name = ?", (name,)).fetchone()
    return "" if row is None else str(row[0])


def add_to(connection: sqlite3.Connection, name: str, more: int) -> None:
    """Count on under a name, inside of a transaction."""
    say(connection, name, str(int(word(connection, name) or 0) + more))


def say(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Write something down under a name, inside of a transaction."""
    connection.execute("INSERT OR REPLACE INTO word VALUES (?, ?)", (name, value))

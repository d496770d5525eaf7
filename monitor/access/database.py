"""`access.db`: a small SQLite database that several processes may write, each for the length of one change."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

NAME = "access.db"
VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PATIENCE = 10.0
"""Seconds to wait for another process's change."""

_SCHEMA = """
CREATE TABLE user (
    name     TEXT PRIMARY KEY,
    role     INTEGER NOT NULL,
    password TEXT NOT NULL,
    totp     TEXT,
    step     INTEGER NOT NULL DEFAULT 0,
    created  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE session (
    digest     TEXT PRIMARY KEY,
    user       TEXT NOT NULL REFERENCES user ON DELETE CASCADE,
    form_token TEXT NOT NULL,
    expires    INTEGER NOT NULL,
    seen       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE key (
    name    TEXT PRIMARY KEY,
    digest  TEXT NOT NULL UNIQUE,
    role    INTEGER NOT NULL,
    scopes  TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER,
    used    INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE refusal (
    name  TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
    number  INTEGER PRIMARY KEY,
    time    INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    digest  TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END;
CREATE TRIGGER audit_remains BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the record is never shortened'); END;
"""


class AccessError(Exception):
    """The database cannot be used, or what was asked for cannot be done; the message is for people."""


class Database:
    """The database in a data folder; made at the first change. AccessError for every fault of file or engine."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    @property
    def exists(self) -> bool:
        """Whether anybody was ever given access."""
        return self.path.exists()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection that cannot write; None where there is no database."""
        if not self.exists:
            yield None
            return
        with self._open("ro") as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one transaction, which is undone where the block fails."""
        self._make()
        with self._open("rw") as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _statements(_SCHEMA):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        try:
            address = f"file:{quote(str(self.path))}?mode={mode}"
            with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=_PATIENCE)) as connection:
                connection.row_factory = sqlite3.Row
                (found,) = connection.execute("PRAGMA user_version").fetchone()
                if found > VERSION:
                    raise AccessError(f"{self.path} was written by a newer presscanary: upgrade presscanary")
                yield connection
        except sqlite3.Error as fault:
            raise AccessError(f"{self.path} cannot be used: {fault}") from fault

    def _make(self) -> None:
        """The file, readable by its owner only, before anything is written into it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as fault:
            raise AccessError(f"{self.path} cannot be used: {fault.strerror}") from fault


def _statements(script: str) -> Iterator[str]:
    waiting = ""
    for line in script.splitlines():
        waiting = f"{waiting}\n{line}".strip()
        if sqlite3.complete_statement(waiting):
            yield waiting
            waiting = ""


def number(time: datetime) -> int:
    """A time as microseconds since 1970."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def time(microseconds: int) -> datetime:
    """The time of that number.

    >>> time(number(datetime(2026, 1, 18, tzinfo=UTC))).isoformat()
    '2026-01-18T00:00:00+00:00'
    """
    return _EPOCH + timedelta(microseconds=microseconds)

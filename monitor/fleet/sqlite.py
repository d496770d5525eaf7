"""`fleet.db` in a data folder: a collector and people's commands use it at the same time."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from monitor.fleet.database import TABLES, VERSION, FleetError, FleetFull, Row

T = TypeVar("T")

NAME = "fleet.db"
_PATIENCE = 10.0
"""Seconds to wait for another process's change."""
_TRIGGERS = (
    """CREATE TRIGGER fleet_audit_stays BEFORE UPDATE ON fleet_audit
        BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END""",
    """CREATE TRIGGER fleet_audit_remains BEFORE DELETE ON fleet_audit
        BEGIN SELECT RAISE(ABORT, 'the record is never shortened'); END""",
)


class FolderDatabase:
    """The Database protocol over one file, made (0600) where it is missing. State: one connection, used in turn."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._gate = threading.Lock()
        self._held: sqlite3.Connection | None = None

    def read(self, question: Callable[[_Connection], T]) -> T:
        """The answer to a question; FleetError where it cannot be asked."""
        with self._begun("BEGIN") as connection:
            return question(connection)

    def write(self, work: Callable[[_Connection], T]) -> T:
        """Do work in one transaction; on disk on return. FleetFull where there is no room."""
        with self._begun("BEGIN IMMEDIATE") as connection:
            return work(connection)

    def close(self) -> None:
        """Let go of the file."""
        with self._gate:
            if self._held is not None:
                self._held.close()
            self._held = None

    @contextmanager
    def _begun(self, begin: str) -> Iterator[_Connection]:
        with self._gate, _translated(self.path):
            if self._held is None:
                self._held = _opened(self.path)
            connection = self._held
            connection.execute(begin)
            try:
                yield _Connection(connection)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has ended it already
                    connection.execute("ROLLBACK")
                raise


class _Connection:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, **values: Any) -> list[Row]:
        return [dict(row) for row in self._connection.execute(statement, values)]

    def do(self, statement: str, **values: Any) -> int:
        return self._connection.execute(statement, values).rowcount


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():  # never an open file's: closing it would drop this process's locks (fcntl(2))
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    address = f"file:{quote(str(path))}?mode=rw"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=_PATIENCE, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        _make(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _make(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise FleetError(f"{path} was written by a newer presscanary: upgrade presscanary")
    if not found:
        for statement in (*TABLES, *_TRIGGERS):
            connection.execute(statement.replace("{bytes}", "blob"))
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as fault:
        if getattr(fault, "sqlite_errorcode", None) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE):
            raise FleetFull(f"the disk that holds {path} is full: make room, and it goes on") from fault
        raise FleetError(f"{path} cannot be used: {fault}") from fault
    except OSError as fault:
        raise FleetError(f"{path} cannot be used: {fault.strerror or fault}") from fault

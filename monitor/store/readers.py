"""Connections for reading: each is used by one thread at a time, for one short transaction, and cannot write."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from monitor.store.errors import StoreError, translated
from monitor.store.folder import Folder, existing
from monitor.store.schema import check, version

PATIENCE = 10.0
"""Seconds that SQLite waits for a lock: readers meet one only while a log is recovered or closed."""


def connect(folder: Folder, mode: str) -> sqlite3.Connection:
    """A connection in autocommit, with rows by name; `mode` is `ro` or `rw` (sqlite.org/uri.html)."""
    connection = sqlite3.connect(
        f"file:{quote(str(folder.database))}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=PATIENCE,
    )
    connection.row_factory = sqlite3.Row
    return connection


def stored_version(path: Path) -> int:
    """The schema version of the store in a data folder, whatever it is; StoreMissing where there is none."""
    with translated(path):
        folder = existing(path)
        with closing(connect(folder, "ro")) as connection:
            return version(connection, path)


class Readers:
    """A pool of reading connections. State: the idle ones, and whether it is closed."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._gate = threading.Lock()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a read transaction: everything read in the block is of one moment."""
        with translated(self._folder.path):
            connection = self._take()
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
        self._give_back(connection)

    def close(self) -> None:
        """Close what is idle now, and what is in use when it comes back."""
        with self._gate:
            self._closed, idle, self._idle = True, self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._gate:
            if self._closed:
                raise StoreError("the store is closed")
            if self._idle:
                return self._idle.pop()
        connection = connect(self._folder, "ro")
        try:
            check(connection, self._folder.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._gate:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

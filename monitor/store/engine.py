"""DuckDB, which writes and reads segments: loaded when the first segment is met, and never given a file of its own.

It is an extra (`presscanary[store]`); a store without segments works without it.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.store.errors import EngineMissing, StoreFull
from monitor.store.folder import Folder

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "384MB"
"""What one store's engine may hold; what does not fit is spilled into the data folder."""
THREADS = 2


def available() -> bool:
    """Whether segments can be written and read here."""
    return importlib.util.find_spec("duckdb") is not None


class Engine:
    """An in-memory DuckDB for one store. State: the connection, once somebody needed it."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._connection: DuckDBPyConnection | None = None
        self._gate = threading.Lock()

    @contextmanager
    def session(self) -> Iterator[DuckDBPyConnection]:
        """A session of its own for one thread; faults of the engine leave as StoreError, EngineMissing first of all."""
        with self._gate:
            if self._connection is None:
                self._connection = self._start()
            session = self._connection.cursor()
        import duckdb  # noqa: PLC0415 - an extra, and a quarter of a second

        try:
            yield session
        except duckdb.OutOfMemoryException as fault:
            raise StoreFull(
                f"a query over the sealed months of {self._folder.path} needs more than {MEMORY} and found no room to "
                "spill: make room on its disk, or ask for a shorter span"
            ) from fault
        finally:
            session.close()

    def close(self) -> None:
        """Let go of the memory; the next session starts anew."""
        with self._gate:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _start(self) -> DuckDBPyConnection:
        if not available():
            raise EngineMissing(
                f"sealed months of {self._folder.path} are read and written with DuckDB, which is not installed: "
                "pip install 'presscanary[store]'"
            )
        import duckdb  # noqa: PLC0415 - an extra, and a quarter of a second

        connection = duckdb.connect(
            config={
                "memory_limit": MEMORY,
                "threads": THREADS,
                "temp_directory": str(self._folder.segments / ".spill"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        connection.execute("SET parquet_metadata_cache = true")  # segments never change, and their time is compared
        return connection

"""The inside of an open store, for what keeps it in order: seals, compacts, prunes, checks and copies it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeAlias, TypeVar

from monitor.store.archive import Archive
from monitor.store.errors import StoreBusy, StoreError, translated
from monitor.store.folder import Folder
from monitor.store.readers import Readers
from monitor.store.segments import SegmentGone
from monitor.store.transaction import Transaction
from monitor.store.writer import Writer

T = TypeVar("T")

Told: TypeAlias = Callable[[str], None]
"""Hears the name of each step before it is taken: for progress bars, and for tests that end the process there."""

PATIENCE = 5
"""A question is put so often where the file that it needs was replaced between the manifest and the file."""


def quiet(_: str) -> None:
    """Hears nothing."""


class Upkeep:
    """One store's folder, archive, reading and writing. State: whether somebody is at work here."""

    def __init__(self, folder: Folder, archive: Archive, readers: Readers, writer: Writer | None) -> None:
        self.folder, self.archive = folder, archive
        self._readers, self._writer = readers, writer
        self._working = threading.Lock()

    def read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The answer from one snapshot; put again where a segment of that snapshot was replaced meanwhile."""
        for _ in range(PATIENCE - 1):
            try:
                with self._readers.snapshot() as connection:
                    return question(connection)
            except SegmentGone:
                continue
        with self._readers.snapshot() as connection:
            return question(connection)

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Have `work` done on the writing thread; durable on return. StoreError in a store opened for reading."""
        if self._writer is None:
            raise StoreError(f"the store in {self.folder.path} was opened for reading only")
        return self._writer.submit(work).result()

    def now(self) -> datetime:
        """The time, by the clock that the store was opened with."""
        return self.write(lambda transaction: transaction.clock())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one who seals, compacts or prunes inside the block; faults of the disk leave as StoreError."""
        if not self._working.acquire(blocking=False):
            raise StoreBusy(f"the store in {self.folder.path} is being sealed or pruned already: try again later")
        try:
            with translated(self.folder.path):
                yield
        finally:
            self._working.release()

"""Opening a store: everything that is checked before the first question."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from pathlib import Path

from monitor.store import documents, segments
from monitor.store.archive import Archive
from monitor.store.engine import Engine
from monitor.store.errors import StoreError, StoreMissing, StoreOlder, damaged, translated
from monitor.store.folder import Folder, existing, locked, make_database, prepare
from monitor.store.packs import PackWriter
from monitor.store.readers import Readers, connect
from monitor.store.schema import migrate, shipped, version
from monitor.store.sqlite import SQLiteStore
from monitor.store.symbols import Symbols
from monitor.store.transaction import Transaction
from monitor.store.writer import Writer
from probes.model import Clock


def open_writing(path: Path, clock: Clock) -> SQLiteStore:
    """The store in a data folder, made where it is missing, as its one writer; StoreError says what is in the way."""
    with translated(path), ExitStack() as held:
        folder = prepare(path)
        held.enter_context(locked(folder))
        make_database(folder)
        connection = connect(folder, "rw")
        held.callback(connection.close)
        _set_up(connection, folder, clock)
        segments.sweep(folder, segments.live(connection))
        packs = PackWriter(folder, documents.committed(connection))
        held.callback(packs.close)
        archive = Archive(folder, Engine(folder))
        transaction = Transaction(
            connection=connection, symbols=Symbols(connection), packs=packs, archive=archive, clock=clock
        )
        return SQLiteStore(folder, archive, Writer(transaction, path), held.pop_all())


def open_reading(path: Path) -> SQLiteStore:
    """The store in a data folder, for reading beside whoever writes; StoreMissing where there is none."""
    with translated(path):
        folder = existing(path)
    readers = Readers(folder)
    with readers.snapshot() as connection:
        made = version(connection, path)
    readers.close()
    if not made:
        raise StoreMissing(f"there is no store in {path} yet: `presscanary run` or `presscanary import` makes one")
    if made < len(shipped()):
        raise StoreOlder(
            f"the store in {path} was written by an older presscanary (store version {made}, this one needs "
            f"{len(shipped())}): `presscanary store migrate` brings it up to date, and so does `presscanary run`"
        )
    return SQLiteStore(folder, Archive(folder, Engine(folder)), None, ExitStack())


def _set_up(connection: sqlite3.Connection, folder: Folder, clock: Clock) -> None:
    new = version(connection, folder.path) == 0
    if new and any(pack.stat().st_size for pack in folder.packs.iterdir()):
        raise damaged(folder.path, "store.db is missing or empty, although there are packs")
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreError(f"the disk of {folder.path} cannot hold a write-ahead log: use a local disk")
    for setting in ("synchronous = FULL", "temp_store = MEMORY", "journal_size_limit = 67108864"):
        connection.execute(f"PRAGMA {setting}")
    migrate(connection, folder.path, clock())

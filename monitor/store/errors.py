"""What can go wrong with a store, each as one line that says what to do; and the door where exceptions turn into it."""

# ruff: noqa: N818 - a store is busy, full, damaged: the names say so

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StoreError(Exception):
    """A store that could not do what was asked; the message is one line for people, and nothing stored was lost."""


class StoreMissing(StoreError):
    """There is no store in the folder that was to be read."""


class StoreBusy(StoreError):
    """Another process (or another part of this one) writes to the same data folder."""


class StoreFull(StoreError):
    """The disk has no room: what was being written is not acknowledged; everything before it is kept."""


class StoreDamaged(StoreError):
    """A file of the store is not what was written; only a backup or a repair helps."""


class StoreNewer(StoreError):
    """The store was written by a newer version than this one."""


class EngineMissing(StoreError):
    """What the store is kept with is not installed: DuckDB for sealed months, psycopg for PostgreSQL."""


class StoreOlder(StoreError):
    """The store was written by an older version, and whoever only reads cannot bring it up to date."""


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Turn the disk's and SQLite's exceptions inside the block into a StoreError about `folder`; bugs pass unchanged.

    >>> with translated(Path("data")):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    ...
    monitor.store.errors.StoreFull: the disk that holds data is full: make room, and it goes on; nothing stored is lost
    """
    try:
        yield
    except sqlite3.Error as fault:
        code = getattr(fault, "sqlite_errorcode", None)
        if code is None:
            raise
        raise _from_sqlite(code, fault, folder) from fault
    except OSError as fault:
        raise _from_system(fault, folder) from fault


def damaged(folder: Path, what: str) -> StoreDamaged:
    """The error for a file that is not what was written; `what` names the file and the place in it."""
    return StoreDamaged(
        f"the store in {folder} is damaged ({what}): stop writing, keep a copy of the folder, and restore a backup; "
        "docs/reference/store.md says how to save what is readable"
    )


def _full(folder: Path) -> StoreFull:
    return StoreFull(f"the disk that holds {folder} is full: make room, and it goes on; nothing stored is lost")


def _from_sqlite(code: int, fault: sqlite3.Error, folder: Path) -> StoreError:
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE):
        return _full(folder)
    match code & 0xFF:  # the low byte is the primary code (sqlite.org/rescode.html)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return damaged(folder, f"store.db: {fault}")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBusy(f"the store in {folder} is locked by another program: close it and try again")
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return StoreError(
                f"the store in {folder} cannot be opened ({fault}): check who owns the folder and its files"
            )
    return StoreError(f"the store in {folder} could not be used ({fault})")


def _from_system(fault: OSError, folder: Path) -> StoreError:
    if fault.errno in _NO_ROOM:
        return _full(folder)
    return StoreError(f"the data folder {folder} could not be used: {fault.strerror or fault}")

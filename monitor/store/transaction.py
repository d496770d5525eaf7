"""What a piece of writing may touch while its transaction is open."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from monitor.store.archive import Archive
from monitor.store.errors import StoreError
from monitor.store.packs import PackWriter
from monitor.store.symbols import Symbols
from probes.model import Clock

T = TypeVar("T")

_REFUSALS = (StoreError, TypeError, ValueError, OverflowError, sqlite3.IntegrityError, sqlite3.ProgrammingError)
"""What a record can be wrong with; any other fault is the disk's, and concerns the whole group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """The one writing connection inside a transaction, with what belongs to it."""

    connection: sqlite3.Connection
    symbols: Symbols
    packs: PackWriter
    archive: Archive
    clock: Clock


def attempt(transaction: Transaction, work: Callable[[Transaction], T]) -> T | Exception:
    """What a piece of work answers; where it is refused, the reason, and no trace of it is left."""
    connection = transaction.connection
    connection.execute("SAVEPOINT job")
    answer: T | Exception
    try:
        answer = work(transaction)
    except _REFUSALS as refusal:
        connection.execute("ROLLBACK TO job")
        transaction.symbols.forget()
        answer = refusal
    connection.execute("RELEASE job")
    return answer


def simulated(connection: sqlite3.Connection) -> bool | None:
    """Whether what is stored is simulated; None where nothing was stored yet."""
    found = connection.execute("SELECT value FROM meta WHERE key = 'simulated'").fetchone()
    return None if found is None else found[0] == "1"


def claim(transaction: Transaction, wanted: bool) -> None:
    """Say that what comes is simulated, or real; StoreError where the store holds the other. The first one decides."""
    found = simulated(transaction.connection)
    if found is None:
        transaction.connection.execute("INSERT INTO meta VALUES ('simulated', ?)", ("1" if wanted else "0",))
    elif found is not wanted:
        words = {True: "simulated", False: "real"}
        raise StoreError(
            f"this store holds {words[found]} measurements and takes no {words[wanted]} ones: "
            "name another folder with --data-dir"
        )

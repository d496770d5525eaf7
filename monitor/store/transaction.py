"""What a piece of writing may touch while its transaction is open."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from monitor.store.archive import Archive
from monitor.store.errors import StoreError
from monitor.store.packs import PackWriter
from monitor.store.symbols import Symbols
from probes.model import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """The one writing connection inside a transaction, with what belongs to it."""

    connection: sqlite3.Connection
    symbols: Symbols
    packs: PackWriter
    archive: Archive
    clock: Clock


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

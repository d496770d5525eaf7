"""How what was stored comes into the log: in the order of arrival, each once, from wherever the log stopped last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.log import Head, Log, LogError, open_writing
from monitor.store import Store, StoreError
from monitor.store.policy import Policy
from monitor.store.sqlite import SQLiteStore
from monitor.store.tending import Tender
from probes.document import measurement_id, moment
from probes.model import Measurement

PIECE = 10_000
"""Entries that are taken at a time."""

HEAD_EVERY = timedelta(days=1)
"""A head is signed so often while something comes in: an auditor who keeps one a day loses a day at most."""


def folder_of(data_dir: Path) -> Path:
    """Where the log of a data folder is."""
    return data_dir / "log"


def enter(store: SQLiteStore, log: Log) -> int:
    """Take into the log what the store has accepted since the last time; how many entries that were.

    Where the store is older than what the log has read (it was restored from a backup), everything that is still in it
    is looked at again, and what the log holds already is passed over. LogError or StoreError where it cannot be.
    """
    position, known = log.entries.position, frozenset[bytes]()
    if store.newest_arrival() < position:
        position, known = 0, frozenset(log.entries.between(0, log.size))
    before = log.size
    while page := store.arrivals(position, PIECE):
        position = page[-1][0]
        log.append([sha256 for _, sha256 in page if sha256 not in known], position)
    return log.size - before


def sign_daily(log: Log, now: datetime) -> Head | None:
    """A new signed head where the newest is a day old or older and something came since; else None."""
    heads = log.heads()
    if not log.size or (heads and (heads[-1].size == log.size or now - moment(heads[-1].time) < HEAD_EVERY)):
        return None
    return log.sign(now)


def tending_of(store: Store) -> Tending | None:
    """What keeps a store in order, where it is in a data folder; StoreError (and the store closed) where it cannot."""
    if not isinstance(store, SQLiteStore):
        return None
    try:
        return Tending(store)
    except StoreError:
        store.close()
        raise


class Tending:
    """Keeps a store in a data folder in order, and its log beside it. Raises StoreError where the log cannot be opened.

    What was accepted enters the log before anything is sealed, because a sealed ok result may lose its document.
    """

    def __init__(self, store: SQLiteStore) -> None:
        self._store, self._tender = store, Tender(store.upkeep)
        try:
            self._log = open_writing(folder_of(store.upkeep.folder.path))
        except LogError as fault:
            raise StoreError(str(fault)) from fault

    @property
    def size(self) -> int | None:
        """Bytes of the data folder at the last turn."""
        return self._tender.size

    def turn(self, policy: Policy, now: datetime) -> str:
        """One piece of what is due, and its name, empty where nothing is; StoreError where something could not be."""
        self.enter(now)
        return self._tender.turn(policy, now)

    def enter(self, now: datetime) -> None:
        """Bring the log up to date and sign its daily head; StoreError where it could not be written."""
        try:
            enter(self._store, self._log)
            sign_daily(self._log, now)
        except LogError as fault:
            raise StoreError(str(fault)) from fault

    def places(self, measurements: Iterable[Measurement], now: datetime) -> dict[str, Any]:
        """Where stored measurements stand in the log, which is brought up to date: its size and root (hex) now, and the
        index of each in its order (None for one that came before the log was begun). StoreError where it cannot be."""
        self.enter(now)
        found = [self._log.entries.find(bytes.fromhex(measurement_id(each))) for each in measurements]
        return {"size": self._log.size, "root": self._log.root().hex(), "indexes": found}

    def close(self) -> None:
        """Let go of the log."""
        self._log.close()

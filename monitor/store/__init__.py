"""Where facts are kept: nothing that was acknowledged is lost, and nothing that was stored is changed.

`open_store` gives a Store; the embedded one (SQLite and pack files) is described in docs/reference/store.md, and
why it is so in docs/adr/0002-embedded-store.md.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from monitor.store.addresses import Location, Servers
from monitor.store.errors import (
    EngineMissing,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreMissing,
    StoreNewer,
    StoreOlder,
)
from monitor.store.opening import open_reading, open_writing
from monitor.store.protocols import MeasurementStore, StateStore, Store
from monitor.store.servers import open_servers
from monitor.store.sqlite import SQLiteStore
from probes.model import Clock

__all__ = [
    "EngineMissing",
    "Location",
    "MeasurementStore",
    "Servers",
    "StateStore",
    "Store",
    "StoreBusy",
    "StoreDamaged",
    "StoreError",
    "StoreFull",
    "StoreMissing",
    "StoreNewer",
    "StoreOlder",
    "open_folder",
    "open_store",
]


def _now() -> datetime:
    return datetime.now(UTC)


def open_store(where: Location, *, read_only: bool = False, clock: Clock = _now) -> Store:
    """The store in a data folder or on servers: for writing (made where it is missing), or for reading beside a writer.

    StoreBusy where another process writes, StoreMissing where there is nothing to read, StoreNewer, StoreDamaged, and
    StoreError for a place that cannot hold a store; `clock` dates what the store itself writes down.
    """
    if isinstance(where, Servers):
        return open_servers(where, read_only=read_only, clock=clock)
    return open_folder(where, read_only=read_only, clock=clock)


def open_folder(data_dir: Path, *, read_only: bool = False, clock: Clock = _now) -> SQLiteStore:
    """`open_store` for a data folder: a store whose files can be sealed, pruned, verified and copied (`upkeep`)."""
    return open_reading(data_dir) if read_only else open_writing(data_dir, clock)

"""The store as the commands read it: while another process writes, and also where there is none yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from monitor.cli.frame import FAULT, CommandError
from monitor.store import Location, Store, StoreError, StoreMissing, open_store


@contextmanager
def reading(data_dir: Location) -> Iterator[Store | None]:
    """An open store for reading, or None where nothing was stored yet; CommandError where it cannot be read."""
    try:
        store = open_store(data_dir, read_only=True)
    except StoreMissing:
        yield None
        return
    except StoreError as fault:
        raise CommandError(str(fault), FAULT) from fault
    try:
        yield store
    except StoreError as fault:
        raise CommandError(str(fault), FAULT) from fault
    finally:
        store.close()

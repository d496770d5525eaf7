"""How what is stored comes into the log."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.log import Log, open_writing
from monitor.pipeline.logged import enter, folder_of, sign_daily, tending_of
from monitor.store import StoreError, open_folder
from monitor.store.sqlite import SQLiteStore
from probes.document import canonical, document
from tests.monitor.store import appender

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    """An empty store."""
    with open_folder(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """An empty log."""
    with open_writing(folder_of(tmp_path / "data")) as opened:
        yield opened


def put(store: SQLiteStore, *numbers: int) -> list[bytes]:
    """Store made-up measurements; the SHA-256 of their documents."""
    entries = [appender.entry(number) for number in numbers]
    store.append_all([(*entry, None) for entry in entries])
    return [hashlib.sha256(canonical(document(measurement))).digest() for measurement, _ in entries]


def test_each_accepted_measurement_enters_once_in_the_order_of_arrival(store: SQLiteStore, log: Log) -> None:
    """Entries are the SHA-256 of the canonical documents; entering again, or storing one again, adds nothing."""
    first = put(store, 1, 2, 3)
    assert enter(store, log) == 3
    assert enter(store, log) == 0
    second = put(store, 2, 4)
    assert enter(store, log) == 1
    assert log.entries.between(0, log.size) == [*first, second[1]]


def test_a_store_that_was_restored_does_not_enter_twice(store: SQLiteStore, log: Log, tmp_path: Path) -> None:
    """An older store beside a longer log: what the log holds is passed over, and what is new enters."""
    first = put(store, 1, 2, 3)
    enter(store, log)
    with open_folder(tmp_path / "restored") as older:
        put(older, 1, 2)
        assert enter(older, log) == 0
        (new,) = put(older, 9)
        assert enter(older, log) == 1
    assert log.entries.between(0, log.size) == [*first, new]


def test_a_head_is_signed_daily_while_something_comes_in(store: SQLiteStore, log: Log) -> None:
    """None over an empty log, one at once, the next one a day later, and none where nothing came."""
    assert sign_daily(log, NOW) is None
    put(store, 1)
    enter(store, log)
    head = sign_daily(log, NOW)
    assert head is not None
    assert head.size == 1
    put(store, 2)
    enter(store, log)
    assert sign_daily(log, NOW + timedelta(hours=23)) is None
    assert sign_daily(log, NOW + timedelta(hours=24)) is not None
    assert sign_daily(log, NOW + timedelta(hours=90)) is None


def test_a_damaged_log_keeps_a_monitor_from_starting(store: SQLiteStore, tmp_path: Path) -> None:
    """The fault is one line that names the log; the store is let go, and can be opened again."""
    tending = tending_of(store)
    assert tending is not None
    put(store, 1)
    tending.enter(NOW)
    tending.close()
    shutil.copy(folder_of(tmp_path / "data") / "key.pub", folder_of(tmp_path / "data") / "size.json")
    with pytest.raises(StoreError, match=r"the log in .* is damaged"):
        tending_of(store)
    with open_folder(tmp_path / "data"):
        pass

"""What the store's tests share: made-up measurements, and a store in a folder of its own."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from monitor.store import Store, open_store
from tests.monitor.store import engines

APPENDER = Path(__file__).with_name("appender.py")


@pytest.fixture(scope="session")
def made() -> ModuleType:
    """The module that makes measurements up (`made.entry`, `made.outcome_of`)."""
    spec = importlib.util.spec_from_file_location("appender", APPENDER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """A new store, as its writer."""
    with open_store(folder) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgresql_18() -> Iterator[engines.Postgres]:
    """A running PostgreSQL 18."""
    with engines.postgres(engines.packaged_postgres()) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_15() -> Iterator[engines.Postgres]:
    """A running PostgreSQL 15."""
    with engines.postgres(engines.debian_postgres()) as server:
        yield server


@pytest.fixture(scope="session")
def clickhouse_18() -> Iterator[engines.ClickHouse]:
    """A running ClickHouse 18.16, alone."""
    with engines.running(engines.ClickHouse()) as server:
        yield server


@pytest.fixture(scope="session")
def chdb() -> Iterator[engines.Chdb]:
    """The modern ClickHouse, in a process that speaks its HTTP."""
    with engines.running(engines.Chdb()) as server:
        yield server

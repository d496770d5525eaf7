"""One lab for the whole folder, skipped where it cannot be built unless the environment says that it must be."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests import report
from tests.lab.lab import Lab, missing

REQUIRED = "PRESSCANARY_REQUIRE_LAB"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is slow."""
    for item in items:
        if "tests/lab" in str(item.path):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def possible() -> None:
    """Skip where namespaces or servers are missing; fail instead where `PRESSCANARY_REQUIRE_LAB` is 1."""
    why = missing()
    if why and os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{REQUIRED}=1, but {why}")
    if why:
        pytest.skip(why)


@pytest.fixture(scope="session")
def lab(possible: None) -> Iterator[Lab]:
    """The lab, with a box that does nothing."""
    with Lab() as built:
        yield built


@pytest.fixture(scope="session")
def table() -> dict[str, list[str]]:
    """Lines to print when all is done, by heading."""
    return report.TABLES

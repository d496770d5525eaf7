"""What a detector gets to see around a claim: from a store and from cells the same."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from monitor.cells import fold
from monitor.cli import past
from monitor.model import Claim, State
from monitor.store import open_store
from probes.model import Role
from tests.monitor.store.appender import entry

DAY = datetime(2024, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = ("a", "b", "c", "d", "e", "kloop", "z")
CLAIM = Claim(
    id="c",
    target="kloop",
    country="KG",
    kind="blocked",
    date="2024-03-02",
    precision="day",
    interval=(DAY, DAY + 24 * HOUR),
)


@pytest.fixture
def entries():
    """Seven targets, each hourly for two days at a vantage point and a control, and an innocuous one beside them."""
    number = itertools.count()
    return [
        entry(next(number), state=State.OK, time=DAY + hour * HOUR, target=name, vantage=role.value, role=role,
              innocuous=name == "example")
        for hour in range(48)
        for name in (*NAMES, "example")
        for role in (Role.VANTAGE, Role.CONTROL)
    ]  # fmt: skip


def test_a_store_gives_the_target_its_controls_the_innocuous_and_a_few_others(tmp_path, entries):
    """Within the window, and no more targets than are needed to know the lines."""
    with open_store(tmp_path) as store:
        store.append_all([(measurement, outcome, None) for measurement, outcome in entries])
        cells = past.of_store(store, NAMES)(CLAIM, DAY + HOUR, DAY + 5 * HOUR)
    assert {cell.target for cell in cells} == {"kloop", "a", "b", "c", "d", "example"}
    assert {cell.role for cell in cells if cell.target == "kloop"} == {Role.VANTAGE, Role.CONTROL}
    assert {cell.start for cell in cells} == {DAY + hour * HOUR for hour in range(1, 5)}


def test_cells_give_the_same(tmp_path, entries):
    """A played history is cut as a store is."""
    folded = fold([outcome for _, outcome in entries], width=timedelta(minutes=1))
    with open_store(tmp_path) as store:
        store.append_all([(measurement, outcome, None) for measurement, outcome in entries])
        read = past.of_store(store, NAMES)(CLAIM, DAY, DAY + 3 * HOUR)

    def key(cell):
        return cell.start, cell.target, cell.vantage

    innocuous = [cell for cell in read if cell.innocuous]
    cut = past.of_cells(folded)(CLAIM, DAY, DAY + 3 * HOUR)
    assert sorted(cut, key=key) == sorted(read, key=key)
    assert innocuous

"""The heat map of months and years: what a tile says, and what is not drawn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from monitor.check import folded
from monitor.model import BlockingEvent, Cell, Day, State
from monitor.web.heat import Heat, heat

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)


def _day(number: int, network: str = "AS1", **counts: int) -> Day:
    return Day(target="kloop", country="KG", network=network, day=date(2026, 1, number), **counts)


def _draw(*days: Day, until: datetime = END, **more: Any) -> Heat:
    return heat(days, since=START, until=until, now=until, **more)


def test_days_and_cells_of_one_network_share_a_tile() -> None:
    """Our own counts and an imported series of the same network and day add up."""
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    cell = Cell(target="kloop", country="KG", network="AS1", vantage="crowd", start=noon, end=noon, ok=1, blocked=2)
    (row,) = _draw(_day(2, ok=3), *folded([cell])).rows
    (tile,) = row.tiles

    assert (tile.counts[State.OK], tile.counts[State.BLOCKED], tile.grade) == (4, 2, "some")
    assert (tile.at.start.day, tile.at.end.day) == (2, 3)


def test_a_day_without_data_is_a_gap() -> None:
    """An unmeasured day has no tile and counts for nothing; neighbours that look alike are one tile."""
    (row,) = _draw(*(_day(day, ok=1) for day in (1, 2, 4))).rows

    assert [(tile.at.start.day, tile.at.end.day) for tile in row.tiles] == [(1, 3), (4, 5)]
    assert (row.days, row.reached) == (3, 1.0)


def test_results_that_prove_nothing_are_no_success() -> None:
    """A network with insufficient results alone was never reached and never blocked: its share is not known."""
    (row,) = _draw(_day(1, insufficient=9)).rows

    assert row.reached is None
    assert [(tile.grade, tile.share) for tile in row.tiles] == [("insufficient", None)]


@pytest.mark.parametrize(("days", "width"), [(90, 1), (365, 1), (800, 7), (4000, 28)])
def test_long_stretches_have_longer_tiles(days: int, width: int) -> None:
    """So that no tile is narrower than what a screen shows; weeks begin on Mondays wherever the page begins."""
    drawn = _draw(_day(7, ok=1), until=START + timedelta(days=days))
    (tile,) = drawn.rows[0].tiles

    assert drawn.width == timedelta(days=width)
    assert width == 1 or tile.at.start.weekday() == 0


def test_networks_that_block_most_stand_first_with_their_events(event: Callable[..., BlockingEvent]) -> None:
    """A row for each network, and for one that an event covers though its days hold no data."""
    began = (datetime(2026, 1, 9, tzinfo=UTC), datetime(2026, 1, 10, tzinfo=UTC))
    (span,) = event().spans
    found = event(onset=began, spans=(type(span)(**{n: getattr(span, n) for n in span.__slots__} | {"onset": began}),))
    rows = _draw(_day(1, ok=5), _day(1, "AS2", ok=1, blocked=4), events=(found,)).rows

    assert [row.name for row in rows] == ["AS2", "AS1", "AS64500"]
    assert [len(row.events) for row in rows] == [0, 0, 1]
    assert rows[2].tiles == ()


def test_a_retracted_event_is_not_drawn(event: Callable[..., BlockingEvent]) -> None:
    """What later data took back stays in the record and leaves the picture."""
    assert _draw(events=(event(retracted=True),)).rows == ()

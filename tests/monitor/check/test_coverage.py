"""The days a claim asks for, and the imported cells that fill them."""

from datetime import UTC, date, datetime

from monitor.check.coverage import dates, folded
from monitor.model import Cell
from probes.model import Role

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def test_one_local_day_asks_for_one_day() -> None:
    """A day in Bishkek touches two UTC days; the one that holds its noon counts."""
    window = datetime(2023, 9, 11, 18, tzinfo=UTC), datetime(2023, 9, 12, 18, tzinfo=UTC)
    assert dates(window, NOW) == {date(2023, 9, 12)}


def test_a_window_without_a_noon_asks_for_the_days_it_touches() -> None:
    """A claim to the minute still has a day of its own, and around midnight two."""
    window = datetime(2023, 9, 11, 23, 50, tzinfo=UTC), datetime(2023, 9, 12, 0, 10, tzinfo=UTC)
    assert dates(window, NOW) == {date(2023, 9, 11), date(2023, 9, 12)}


def test_days_to_come_are_not_asked_for() -> None:
    """A window that is still running ends now."""
    window = datetime(2024, 12, 31, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)
    assert dates(window, NOW) == {date(2024, 12, 31)}
    assert dates((NOW, datetime(2025, 3, 1, tzinfo=UTC)), NOW) == frozenset()


def cell(role: Role = Role.VANTAGE, *, innocuous: bool = False) -> Cell:
    """An imported cell of one evening."""
    evening = datetime(2026, 1, 20, 23, 59, tzinfo=UTC)
    return Cell(
        target="x", country="UG", network="AS20294", vantage="ooni", start=evening, end=NOW, ok=1, blocked=2,
        insufficient=3, role=role, innocuous=innocuous,
    )  # fmt: skip


def test_imported_cells_count_like_measurements() -> None:
    """A cell's counts stand under the day on which it starts."""
    [day] = folded([cell()])
    assert (day.day, day.ok, day.blocked, day.insufficient) == (date(2026, 1, 20), 1, 2, 3)


def test_controls_and_innocuous_cells_are_left_out() -> None:
    """What says nothing of blocking at a vantage point is no coverage of a claim."""
    assert folded([cell(Role.CONTROL), cell(innocuous=True)]) == ()

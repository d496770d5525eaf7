"""Documented dates as stretches of UTC."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import dates

BISHKEK = dates.zone("Asia/Bishkek")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2023", "2022-12-31T18:00", "2023-12-31T18:00"),
        ("2023-12", "2023-11-30T18:00", "2023-12-31T18:00"),
        ("2024-02", "2024-01-31T18:00", "2024-02-29T18:00"),
        ("2023-09-12", "2023-09-11T18:00", "2023-09-12T18:00"),
        ("2023-09-12T15:30+06:00", "2023-09-12T09:30", "2023-09-12T09:31"),
        ("2023-09-12T15:30", "2023-09-12T09:30", "2023-09-12T09:31"),
        ("2023-09-12T15:30:00Z", "2023-09-12T15:30", "2023-09-12T15:30:01"),
    ],
)
def test_a_date_is_the_local_stretch_it_names(text: str, start: str, end: str) -> None:
    """Years, months and days are local; a time with a zone is its own."""
    expected = tuple(datetime.fromisoformat(edge).replace(tzinfo=UTC) for edge in (start, end))
    assert dates.span(text, BISHKEK) == expected


def test_a_day_on_which_clocks_change_is_as_long_as_it_was() -> None:
    """Kyrgyzstan moved its clocks until 2005: the day they went forward had 23 hours."""
    start, end = dates.span("2005-03-27", BISHKEK)
    assert (end - start).total_seconds() == 23 * 3600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023-13",
        "2023-02-30",
        "2023-00-01",
        "0001",
        "9999",
        "23",
        "2023-W37",
        "2023-09-12T25:00",
        "2023-9-1",
        "٢٠٢٣",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    """Dates that do not exist, other notations and other digits are no dates."""
    with pytest.raises(dates.NotADateError):
        dates.span(text, BISHKEK)


@pytest.mark.parametrize("name", ["Asia", "Bishkek", "../../etc/passwd", "/etc/passwd", "", "Mars/Olympus"])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    """Folders of the zone database, paths and inventions are no zones."""
    with pytest.raises(LookupError):
        dates.zone(name)


@given(st.dates(min_value=datetime(1981, 1, 1).date(), max_value=datetime(2199, 12, 31).date()))
def test_a_day_lies_in_its_month_and_its_year(day: object) -> None:
    """The coarser a date, the wider its stretch, and it holds the finer ones."""
    text = str(day)
    spans = [dates.span(text[:length], BISHKEK) for length in (4, 7, 10)]
    assert spans[0][0] <= spans[1][0] <= spans[2][0] < spans[2][1] <= spans[1][1] <= spans[0][1]

"""Bands, windows and drawings: nothing reaches further than what was seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.settings import Milestone
from monitor.model import BlockingEvent, Claim, Locus, Outcome, State, Tier, Verdict
from monitor.web.band import Band, bands
from monitor.web.timeline import Timeline, timeline
from monitor.web.window import LENGTHS, WindowError, window
from probes.model import Role

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SERIES = ("vantage", "KG", "AS1", "here")


def _row(minute: float, state: State = State.OK, url: str = "https://kloop.kg/") -> Outcome:
    return Outcome(
        measurement=f"{minute}{url}",
        time=NOON + minute * MINUTE,
        target="kloop",
        url=url,
        vantage="here",
        country="KG",
        network="AS1",
        role=Role.VANTAGE,
        innocuous=False,
        verdict=Verdict(measurement="m", state=state, rule_id="r"),
    )


def _of(*rows: Outcome, carry: timedelta = 30 * MINUTE) -> list[tuple[float, float, State]]:
    """Start, end in minutes, and state of each band."""
    found = bands(rows, (), carry=carry)
    return [((b.start - NOON) / MINUTE, (b.end - NOON) / MINUTE, next(iter(b.counts))) for b in found]


def test_a_result_stands_until_the_next_one() -> None:
    """A change of state ends the band where the other state was seen."""
    assert _of(_row(0), _row(10), _row(20, State.BLOCKED)) == [(0, 20, State.OK), (20, 50, State.BLOCKED)]


def test_a_result_never_stands_longer_than_it_may() -> None:
    """A silence is a gap even between two equal results."""
    assert _of(_row(0), _row(120)) == [(0, 30, State.OK), (120, 150, State.OK)]


@given(st.lists(st.tuples(st.integers(0, 2000), st.sampled_from(State)), min_size=1, max_size=40))
def test_bands_never_overlap_and_count_every_result(seen: list[tuple[int, State]]) -> None:
    """Whatever the results and their order, bands of one series are apart, in order, and nothing is lost."""
    found = bands([_row(minute, state) for minute, state in seen], (), carry=30 * MINUTE)

    assert all(one.end <= other.start for one, other in pairwise(found))
    assert sum(sum(band.counts.values()) for band in found) == len(seen)
    assert all(band.start <= band.end for band in found)


def test_two_urls_are_two_lanes() -> None:
    """Where a target has several URLs each has a band of its own, named by scheme and host."""
    found = bands([_row(0), _row(1, url="http://kloop.kg/")], (), carry=MINUTE)

    assert [band.series[-1] for band in found] == ["here · http kloop.kg", "here · https kloop.kg"]


def _draw(*found: Band, events: tuple[BlockingEvent, ...] = (), **more: object) -> Timeline:
    return timeline(NOON, NOON + 10 * HOUR, bands=found, events=events, now=NOON + 9 * HOUR, **more)


def _band(start: float, end: float, **counts: int) -> Band:
    states = {State(name): count for name, count in counts.items()}
    return Band(series=SERIES, start=NOON + start * HOUR, end=NOON + end * HOUR, counts=states)


def test_nothing_is_drawn_beyond_now_or_the_edges() -> None:
    """A band that is carried on into the future ends at now, one from before begins at the left edge."""
    (lane,) = _draw(_band(-5, 2, ok=1), _band(8, 12, ok=1)).lanes

    assert [(round(block.at.x, 3), round(block.at.width, 3)) for block in lane.blocks] == [(0.0, 0.2), (0.8, 0.1)]


def test_what_lies_outside_is_left_out() -> None:
    """A series without anything visible has no lane."""
    assert _draw(_band(-5, -4, ok=1)).lanes == ()


def test_a_mixed_band_shares_its_height() -> None:
    """Three of four ok: three quarters of the height, blocked at the bottom."""
    (lane,) = _draw(_band(0, 1, ok=3, blocked=1)).lanes

    assert [(block.state, block.top, block.height) for block in lane.blocks] == [
        (State.OK, 0.0, 0.75),
        (State.BLOCKED, 0.75, 0.25),
    ]


def _event(onset: tuple[float | None, float], end: tuple[float | None, float] | None) -> BlockingEvent:
    def at(hour: float) -> datetime:
        return NOON + hour * HOUR

    return BlockingEvent(
        id="e",
        target="kloop",
        country="KG",
        networks=(),
        onset=(None if onset[0] is None else at(onset[0]), at(onset[1])),
        end=None if end is None else (None if end[0] is None else at(end[0]), at(end[1])),
        tier=Tier.LIKELY,
        technique=None,
        locus=Locus.NETWORK,
        alarm=at(onset[1]),
        score=1.0,
        counts={},
        witnesses=(),
    )


def test_an_event_is_sure_between_its_intervals() -> None:
    """Onset and end are drawn as intervals, and only what lies between them as surely blocked."""
    (bar,) = _draw(events=(_event((1, 2), (5, 6)),)).events

    assert bar.end is not None
    assert [(round(part.x, 3), round(part.width, 3)) for part in (bar.onset, bar.sure, bar.end)] == [
        (0.1, 0.1),
        (0.2, 0.3),
        (0.5, 0.1),
    ]


def test_an_open_event_of_unknown_onset_fills_from_edge_to_now() -> None:
    """Where nothing was seen before, the onset reaches back to the left edge; without an end it lasts until now."""
    (bar,) = _draw(events=(_event((None, 4), None),)).events

    assert (bar.onset.x, round(bar.onset.width, 3)) == (0.0, 0.4)
    assert (round(bar.sure.x, 3), round(bar.sure.width, 3)) == (0.4, 0.5)
    assert bar.end is None


def test_an_event_outside_is_not_drawn() -> None:
    """One that ended before the window begins leaves no mark."""
    assert _draw(events=(_event((-9, -8), (-7, -6)),)).events == ()


def test_claims_keep_their_number_when_others_are_out_of_sight() -> None:
    """The number in the drawing is that of the table, which lists all of them."""
    old, seen = (
        Claim(
            id=str(hour),
            target="kloop",
            country="KG",
            kind="blocked",
            date="2026",
            precision="day",
            interval=(NOON + hour * HOUR, NOON + (hour + 1) * HOUR),
        )
        for hour in (-100, 3)
    )
    (bar,) = _draw(claims=(old, seen)).claims

    assert (bar.number, round(bar.at.x, 3)) == (2, 0.3)


@pytest.mark.parametrize(("written", "drawn"), [("2026-11-23T15:00:00+00:00", 1), ("2026", 0), ("soon", 0)])
def test_a_milestone_is_drawn_on_its_day(written: str, drawn: int) -> None:
    """A date outside, or one that is none, is left to the list below."""
    milestone = Milestone(date=written, precision="day", kind="law", short="a law")

    assert len(_draw(milestones=(milestone,)).milestones) == drawn


@given(st.integers(1, 20 * 365 * 24 * 60))
def test_ticks_are_few_and_inside(minutes: int) -> None:
    """From a minute to decades there are at most six labels, all of them in sight and in order."""
    drawn = timeline(NOON, NOON + minutes * MINUTE, bands=(), now=NOON)
    shares = [share for share, _ in drawn.ticks]

    assert len(shares) <= 6
    assert all(0 <= share < 1 for share in shares)
    assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("first", "length"),
    [
        (2 * MINUTE, "10m"),
        (50 * MINUTE, "1h"),
        (5 * HOUR, "6h"),
        (20 * HOUR, "24h"),
        (3 * DAY, "7d"),
        (300 * DAY, "7d"),
    ],
)
def test_the_window_fits_young_data(first: timedelta, length: str) -> None:
    """Two minutes of a demo are not lost in a week; old data are shown by their last week."""
    seen = window({}, (NOON - first, NOON), NOON)

    assert seen.until - seen.since == LENGTHS[length][0]


def test_the_window_goes_to_where_the_data_are() -> None:
    """An imported series that ended a year ago opens at its own time, with a little room."""
    seen = window({}, (NOON - 400 * DAY, NOON - 380 * DAY), NOON)

    assert (seen.since, seen.until) == (NOON - 401 * DAY, NOON - 379 * DAY)
    assert seen.by_day


def test_without_any_data_the_window_is_the_last_week() -> None:
    """Nothing is known, so the usual length is shown."""
    for query in ({}, {"range": "all"}):
        assert window(query, None, NOON).until == NOON
        assert window(query, None, NOON).until - window(query, None, NOON).since == 7 * DAY


@given(st.text(), st.text())
def test_any_text_in_the_address_is_a_window_or_an_error(since: str, until: str) -> None:
    """Nothing but WindowError comes out, and a window that does come out is sound."""
    try:
        seen = window({"since": since, "until": until}, None, NOON)
    except WindowError:
        return
    assert seen.since < seen.until

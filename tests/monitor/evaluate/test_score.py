"""What was found beside what was true."""

from __future__ import annotations

import pytest

from monitor.evaluate.score import score
from monitor.evaluate.table import row
from monitor.evaluate.world import Kind

YEAR = 365 * 24 * 60


@pytest.fixture
def judged(at):
    def made(found, truth, until=10_000):
        return score(found, truth, until=at(until), unit_years=2.0)

    return made


def test_a_hit_is_measured_in_minutes(judged, true, find):
    """Onset, end and time to detect are differences from the truth, and the interval holds the true onset."""
    got = judged([find(105, 303, told=130, earliest=95)], [true(100, 300)])
    assert (got.onset, got.end, got.told) == ((5.0,), (3.0,), (30.0,))
    assert (got.within, got.intervals, got.hits) == (1, 1, {Kind.FULL: 1})
    assert (got.false, got.missed, got.fragments) == ((), (), 0)


def test_pieces_of_one_block_are_fragments_and_not_false(judged, true, find):
    """Three pieces of one block are one hit and two fragments; the first piece says when it was detected."""
    got = judged([find(200, 210), find(105, 120, told=111), find(250, 300)], [true(100, 300)])
    assert (got.hit, got.fragments, got.false) == (1, 2, ())
    assert got.told == (11.0,)


def test_one_find_over_two_blocks_finds_one_of_them(judged, true, find):
    """Matching is one to one: a detector that never lets go does not find the next block."""
    got = judged([find(105)], [true(100, 300), true(900, 1000)])
    assert (got.hit, len(got.missed)) == (1, 1)


@pytest.mark.parametrize("place", [(400, 500, "AS1"), (105, 300, "AS2"), (90, 99, "AS1")])
def test_what_overlaps_no_block_is_false(judged, true, find, place):
    """Later, on another network or before, it is a false alarm, and the block is missed."""
    onset, end, network = place
    got = judged([find(onset, end, network=network)], [true(100, 300)])
    assert (got.hit, len(got.false), len(got.missed)) == (0, 1, 1)


def test_an_alarm_that_was_there_long_before_is_false(judged, true, find):
    """Who cries wolf for a day does not find the wolf; six hours of lead are allowed."""
    assert judged([find(100)], [true(1000, 1300)]).hit == 0
    assert judged([find(700)], [true(1000, 1300)]).hit == 1


def test_a_time_to_detect_is_never_negative(judged, true, find):
    """Told before it began is told at once; the onset error keeps its sign."""
    got = judged([find(90, 300, told=95)], [true(100, 300)])
    assert (got.told, got.onset) == ((0.0,), (-10.0,))


def test_alerts_are_counted_once_for_all_networks(judged, true, find):
    """Two networks of one event with one alert are one message for one event."""
    truth = [true(100, 300), true(100, 300, network="AS2")]
    got = judged([find(105, alert="e"), find(106, network="AS2", alert="e")], truth)
    assert (got.alerts, got.events, got.hit) == (1, 1, 2)


def test_a_row_sums_the_seeds_up(judged, true, find):
    """Precision, recall and rates are over all seeds together; the spread is from seed to seed."""
    good = judged([find(105, 310)], [true(100, 300)])
    bad = judged([find(500, 600)], [true(100, 300, kind=Kind.SHORT)])
    got = row("x", [good, bad])
    assert (got.precision, got.recall, got.false_alarms_per_unit_year) == (0.5, 0.5, 0.25)
    assert got.recall_by_kind == {"full": 1.0, "short": 0.0}
    assert (got.onset_error_p50_min, got.end_error_p90_min) == (5.0, 10.0)
    spread = got.over_seeds["precision"]
    assert (spread.lowest, spread.median, spread.highest) == (0.0, 0.5, 1.0)


def test_a_detector_that_says_nothing_has_no_precision(judged, true):
    """Nothing found is no division by zero, and an offline detector has no time to detect."""
    got = row("x", [judged([], [true(100, 300)])], offline=True)
    assert (got.precision, got.recall, got.time_to_detect_p50_min, got.alerts_per_event) == (None, 0.0, None, 0.0)

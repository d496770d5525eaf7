"""The baselines on small series whose truth is known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.evaluate.baselines import baselines, cusum
from monitor.evaluate.baselines.pelt import available, pelt
from monitor.evaluate.baselines.ratio import ratio
from monitor.evaluate.baselines.streak import streak
from monitor.evaluate.found import units
from monitor.evaluate.world import START
from monitor.model import Cell, Evidence

UNIT = ("t", "AS1")
HOUR = timedelta(hours=1)


def series(letters, *, vantage="v", step=timedelta(minutes=10)):
    """One cell per letter: o ok, x blocked, d down, i insufficient, . nothing."""
    cells = []
    for index, letter in enumerate(letters):
        if letter != ".":
            time = START + index * step
            cells.append(
                Cell(
                    target="t", country="ZZ", network="AS1", vantage=vantage, start=time, end=time,
                    ok=int(letter == "o"), blocked=int(letter == "x"), down=int(letter == "d"),
                    insufficient=int(letter == "i"), evidence=Evidence.AMBIGUOUS if letter == "x" else Evidence.NONE,
                )
            )  # fmt: skip
    return cells


def test_three_in_a_row(at):
    """It begins with the first of three failures, is told at the third, and ends with the first of three successes."""
    (found,) = streak(UNIT, series("ooxoxxxxoxooo"), gated=True)
    assert (found.onset, found.told, found.end) == (at(40), at(60), at(100))


def test_only_the_gated_one_ignores_what_controls_say(at):
    """A site that is down is an alarm for the simple one."""
    assert streak(UNIT, series("oodddooo"), gated=True) == []
    assert [found.told for found in streak(UNIT, series("oodddooo"), gated=False)] == [at(40)]


def test_two_vantage_points_are_one_stretch(at):
    """Stretches of one unit that overlap are one; it ends with the last one."""
    cells = series("oxxxxoooo") + series("ooxxxxxooo", vantage="w")
    (found,) = streak(UNIT, cells, gated=True)
    assert (found.onset, found.told, found.end) == (at(10), at(30), at(70))


def test_a_stretch_may_last(at):
    """Without a recovery there is no end."""
    (found,) = streak(UNIT, series("oxxxx"), gated=True)
    assert found.end is None


def test_a_ratio_needs_history_and_ends_by_itself(at):
    """Half of the usual share of successes is an alert; without 36 bins of history nothing is unusual."""
    assert ratio(UNIT, series("oooxxx"), timedelta(minutes=20)) == []
    (found,) = ratio(UNIT, series("o" * 80 + "x" * 10 + "o" * 10), timedelta(minutes=20))
    assert (found.onset, found.told, found.end) == (at(800), at(820), at(900))


def test_ooni_needs_nine_hours_of_three_quarters():
    """At 0.75 an hour adds 0.4, so the alarm comes in the ninth hour with data, and eleven hours at nothing end it."""
    cells = series("o" * 12 + "x" * 12 + "o" * 14, step=HOUR)
    (raw,) = cusum(UNIT, cells, HOUR, lambda cell: 0.75 * cell.blocked, dated=False)
    assert raw.onset == START + 20 * HOUR
    assert raw.told == START + 21 * HOUR
    assert raw.end == START + 34 * HOUR
    (dated,) = cusum(UNIT, cells, HOUR, lambda cell: 0.75 * cell.blocked)
    assert (dated.onset, dated.end) == (START + 12 * HOUR, START + 24 * HOUR)


def test_ooni_misses_what_is_short_and_settles_in_silence():
    """Eight blocked hours are none, and a series that begins blocked never raises an alarm for it."""
    assert cusum(UNIT, series("o" * 12 + "x" * 8 + "o" * 14, step=HOUR), HOUR, lambda cell: 0.75 * cell.blocked) == []
    assert cusum(UNIT, series("x" * 30, step=HOUR), HOUR, lambda cell: 0.75 * cell.blocked) == []


def test_oonis_evidence_fades_in_a_gap():
    """Eight hours before a silence of five days and two after it are not enough."""
    cells = series("o" * 12 + "x" * 8 + "." * 120 + "xx", step=HOUR)
    assert cusum(UNIT, cells, HOUR, lambda cell: 0.75 * cell.blocked) == []


@pytest.mark.skipif(not available(), reason="needs the package ruptures")
def test_pelt_finds_the_segment(at):
    """A day of failures is one segment."""
    (found,) = pelt(UNIT, series("o" * 288 + "x" * 144 + "o" * 288))
    assert (found.onset, found.end) == (at(2880), at(4320))


def test_every_baseline_runs_on_units_and_says_nothing_of_quiet_ones():
    """They share one form, so that one table can hold them all."""
    quiet = units(series("o" * 500))
    for name, detector in baselines(timedelta(minutes=10)).items():
        assert detector(quiet) == [], name

"""Networks that fall silent: an event of their own, and no block of any target."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.detect import DetectorSettings, detect, reconcile, series_of
from monitor.detect.collapse import outages, without
from monitor.model import EventKind, Tier

RATE = 1 / 600
"""One report every ten minutes."""
POINTS = {"a1": "AS1", "a2": "AS1", "b1": "AS2", "b2": "AS2"}


@pytest.fixture
def country(series, controls):
    """Four vantage points in two networks and three controls abroad; the lines of some are given."""

    def made(length=60, **lines):
        cells = controls("o" * length)
        for number, (point, network) in enumerate(POINTS.items()):
            cells += series(lines.get(point, "o" * length), vantage=point, network=network, offset=40 * number)
        return cells

    return made


@pytest.fixture
def found(at):
    """The outages that these cells show at the end."""

    def made(cells, due=None, end=60):
        due = dict.fromkeys([*POINTS, *(f"control-{number}" for number in range(3))], RATE) if due is None else due
        return outages(series_of(cells), due, now=at(end) + timedelta(minutes=10), settings=DetectorSettings())

    return made


def test_a_network_that_falls_silent_is_offline_from_the_last_report_to_the_next(country, found, at):
    """Both vantage points of a network stop reporting: an outage with intervals, counts, and nobody else's."""
    line = "o" * 20 + "." * 15 + "o" * 25
    (outage,) = found(country(a1=line, a2=line))
    assert outage.network == "AS1"
    assert outage.vantages == ("a1", "a2")
    assert outage.onset[0] == at(19, 40)
    assert outage.onset[0] <= outage.onset[1] <= at(23)
    assert outage.end is not None
    assert at(31) <= outage.end[0] <= outage.end[1] == at(35)
    assert outage.alarm <= at(26)
    assert 25 <= outage.missing <= outage.due <= 32


def test_an_outage_that_lasts_has_no_end(country, found):
    """Silence up to now goes on."""
    line = "o" * 20 + "." * 40
    (outage,) = found(country(a1=line, a2=line))
    assert outage.end is None


def test_reports_that_say_anything_are_reports(country, found):
    """Failures, refusals to judge and sites that are down all show that somebody is there."""
    assert found(country(a1="o" * 20 + "x" * 20 + "i" * 10 + "d" * 10, a2="o" * 30 + "xid" * 10)) == ()


def test_single_lost_reports_are_no_outage(country, found):
    """One round in five gets lost at both places, never for long."""
    assert found(country(a1="oooo." * 12, a2="o.ooo" * 12)) == ()


def test_one_silent_vantage_point_among_others_is_its_own_trouble_for_long(country, found):
    """One of two that is away for an hour is no outage of the network."""
    assert found(country(a1="o" * 20 + "." * 6 + "o" * 34)) == ()


def test_where_everybody_is_silent_the_fault_is_ours(country, found, series):
    """A collector that stood still loses the reports of all, controls abroad included."""
    line = "o" * 20 + "." * 20 + "o" * 20
    cells = [cell for cell in country(a1=line, a2=line, b1=line, b2=line) if cell.role.value != "control"]
    for number in range(3):
        cells += series(line, vantage=f"control-{number}", network=f"AS90{number}", country="ZZ")
    assert found(cells) == ()


def test_a_whole_country_that_falls_silent_is_an_outage_of_each_network(country, found):
    """Controls abroad go on, so a shutdown is told from a fault of ours."""
    line = "o" * 20 + "." * 20 + "o" * 20
    assert [each.network for each in found(country(a1=line, a2=line, b1=line, b2=line))] == ["AS1", "AS2"]


def test_who_owes_nothing_is_never_missed(country, found):
    """Imported series and vantage points that were taken out of the schedule are expected by nobody."""
    line = "o" * 20 + "." * 40
    assert found(country(a1=line, a2=line), due={"b1": RATE, "b2": RATE}) == ()


def test_order_and_batches_change_nothing(country, found):
    """Reports are a set."""
    line = "o" * 20 + "." * 15 + "o" * 25
    cells = country(a1=line, a2=line)
    assert found(cells[::-1]) == found(cells)


def test_rows_inside_an_outage_are_left_out_of_a_unit(country, found, at):
    """What still comes through while a network goes down says nothing about one target."""
    line = "o" * 20 + "." * 6 + "x" + "." * 8 + "o" * 25
    cells = country(a1=line, a2=line)
    (outage,) = found(cells)
    (unit,) = [each for each in series_of(cells) if each.network == "AS1"]
    kept = without(unit, [outage])
    assert kept.blocked.sum() == 0
    assert kept.ok.sum() == unit.ok.sum()
    (other,) = [each for each in series_of(cells) if each.network == "AS2"]
    assert without(other, [outage]) is other


def test_a_silent_network_is_an_event_of_its_own_and_takes_part_in_no_block(country, at):
    """Failures on the way down open no event; the outage is one, keeps its id, and is told once."""
    down = "o" * 30 + "xxxx" + "." * 16 + "o" * 30
    cells = country(length=80, a1=down, a2="o" * 30 + "." * 20 + "o" * 30)
    due = dict.fromkeys([*POINTS, "control-0", "control-1", "control-2"], RATE)
    settings = DetectorSettings()
    found = detect(cells, settings=settings, now=at(80, 600), due=due)
    (event,) = [each for each in found if each.kind is EventKind.OFFLINE]
    assert (event.target, event.networks, event.tier) == ("AS1", ("AS1",), Tier.LIKELY)
    assert event.technique is None
    assert event.counts["missing"] > 20
    assert reconcile((), found) == found
    assert reconcile(found, found) == ()
    before = detect(cells, settings=settings, now=at(45), due=due)
    assert [each.end for each in before] == [None]
    changed = {each.id: each for each in reconcile(before, found, since=at(0))}
    assert changed[before[0].id].end == event.end


def test_a_lone_network_that_is_silent_may_be_a_program_that_was_stopped(series, at):
    """Without anybody to compare with, silence is not told."""
    cells = series("o" * 20 + "." * 20 + "o" * 20)
    assert detect(cells, settings=DetectorSettings(), now=at(61), due={"bishkek-1": RATE}) == ()

"""The fleet that detection is timed on is what it says it is."""

from __future__ import annotations

import pytest

from benchmarks.detection_speed import fleet, pelt, timed
from monitor.detect import DetectorSettings, detect_series
from probes.model import Role


@pytest.fixture(scope="module")
def small():
    """Six targets for five days."""
    return fleet(6, 720)


def test_a_fleet_has_fifty_vantage_points_in_21_networks(small):
    """Each target is measured once a round at each of them, in the order of time."""
    assert small.measurements == 6 * 50 * 720
    assert len(small.networks) == 21
    units = [each for each in small if each.role is Role.VANTAGE and not each.innocuous]
    assert sum(len(each) for each in units) == small.measurements
    assert all((each.start[1:] > each.start[:-1]).all() for each in units)


@pytest.mark.slow
def test_detection_finds_what_was_blocked_in_it_and_nothing_else(small):
    """One target is blocked for good on all networks, one for some days on half of them."""
    events = detect_series(small, settings=DetectorSettings())
    assert {event.target: len(event.networks) for event in events} == {"site-0": 21, "site-1": 11}


@pytest.mark.slow
def test_pelt_is_timed_on_a_sample(small):
    """Both implementations run and cost something."""
    assert all(seconds > 0 for seconds in pelt(small, 1).values())
    assert timed(lambda: sum(range(100_000))) > 0

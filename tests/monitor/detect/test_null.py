"""How often a measurement fails without a block."""

from __future__ import annotations

from monitor.detect import DetectorSettings
from monitor.detect.null import Null


def p0(cells, at, index, vantage="bishkek-1"):
    return Null.of(cells, DetectorSettings()).probability("kloop", vantage, at(index))


def test_a_good_line_hardly_ever_fails(series, at):
    """With nothing known but successes, a failure is a surprise."""
    assert p0(series("o" * 50), at, 50) < 0.03


def test_failing_controls_excuse_a_failure_for_twenty_minutes(series, controls, at):
    """While controls fail p0 rises, and it falls again when they recover."""
    cells = series("o" * 50) + controls("o" * 20 + "d" * 10 + "o" * 20)
    assert p0(cells, at, 29) > 0.6
    assert p0(cells, at, 34) < 0.03


def test_failing_innocuous_targets_excuse_their_vantage_point_only(series, at):
    """Trouble of one vantage point is no excuse for another one."""
    cells = series("x" * 20, target="wikipedia", innocuous=True)
    assert p0(cells, at, 20) > 0.5
    assert p0(cells, at, 20, vantage="osh-1") < 0.03


def test_a_flaky_line_is_known_by_its_other_targets(series, at):
    """The baseline is the median over the other targets; a block of the target itself is not in it."""
    day = "oooooooox" * 16
    flaky = [cell for name in "abc" for cell in series(day * 2, target=name)]
    blocked = series("x" * 288)
    assert 0.10 < p0(flaky + blocked, at, 200) < 0.14
    assert p0(flaky + blocked, at, 100) < 0.03
    assert p0(flaky[:288] + blocked, at, 200) < 0.03


def test_the_baseline_has_a_ceiling(series, at):
    """A censor that blocks most targets must not become the normal state of the line."""
    cells = [cell for name in "abcdef" for cell in series("x" * 288, target=name)]
    assert p0(cells, at, 200) < 0.25

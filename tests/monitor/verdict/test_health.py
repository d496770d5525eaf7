"""Whether a vantage point can be believed, and the words that say why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Health, Outcome, State, Verdict
from monitor.observe import flatten
from monitor.verdict import assess
from tests.scenes import NOON, measured, visit


def outcome(target, state=State.OK, *, innocuous=True, minutes=0, rule="http.page.certified"):
    """A row of a target, so many minutes before noon."""
    verdict = Verdict(measurement=f"{target}{minutes}", state=state, rule_id=rule)
    row: Outcome = flatten(measured(*visit(), innocuous=innocuous), verdict)
    return replace(row, target=target, url=f"https://{target}/", time=NOON - timedelta(minutes=minutes))


FAILING = State.INSUFFICIENT


def test_nothing_to_go_by_is_unknown():
    """No results at all, or only old ones."""
    assert Health.UNKNOWN is assess([], NOON)[0]
    assert Health.UNKNOWN is assess([outcome("a", minutes=31)], NOON)[0]


def test_no_innocuous_target_is_unknown():
    """Blocked targets alone do not tell a censored network from a broken one."""
    health, why = assess([outcome("kloop", State.BLOCKED, innocuous=False)], NOON)

    assert Health.UNKNOWN is health
    assert "innocuous" in why


def test_nothing_reached_is_offline():
    """Not one of all targets was reached, innocuous or not."""
    rows = [
        outcome("a", FAILING, rule="vantage.nothing_reached"),
        outcome("kloop", FAILING, innocuous=False, rule="vantage.nothing_reached"),
    ]

    health, why = assess(rows, NOON)

    assert Health.OFFLINE is health
    assert "2 addresses" in why


def test_one_answer_is_not_offline():
    """As soon as anything was reached, a vantage point whose innocuous targets fail is sick."""
    rows = [
        outcome("a", FAILING, rule="vantage.nothing_reached"),
        outcome("kloop", State.BLOCKED, innocuous=False),
    ]

    assert Health.SICK is assess(rows, NOON)[0]


def test_half_is_sick():
    """Half of the innocuous targets failing is too many, and the words name them."""
    health, why = assess([outcome("a"), outcome("b.example", State.BLOCKED)], NOON)

    assert (health, why) == (Health.SICK, "1 of 2 innocuous targets failing: b.example.")


def test_less_than_half_is_healthy():
    """One innocuous target of three may fail."""
    health, why = assess([outcome("a"), outcome("b"), outcome("c", FAILING)], NOON)

    assert (health, why) == (Health.HEALTHY, "1 of 3 innocuous targets failing.")


def test_an_innocuous_target_that_is_down_everywhere_does_not_count():
    """Its controls fail as well: that is its fault."""
    assert Health.HEALTHY is assess([outcome("a"), outcome("b", State.DOWN)], NOON)[0]
    assert Health.UNKNOWN is assess([outcome("b", State.DOWN)], NOON)[0]


def test_the_newest_result_of_each_target_counts():
    """A vantage point recovers as soon as its innocuous targets do."""
    rows = [outcome("a", FAILING, minutes=10), outcome("a"), outcome("b", FAILING, minutes=9), outcome("b")]

    assert Health.HEALTHY is assess(rows, NOON)[0]


def test_the_window_is_an_argument():
    """A fast schedule looks back less far."""
    rows = [outcome("a", FAILING, minutes=5)]

    assert Health.SICK is assess(rows, NOON)[0]
    assert Health.UNKNOWN is assess(rows, NOON, window=timedelta(minutes=4))[0]


def test_results_from_the_future_do_not_count():
    """A clock that was set back leaves rows that are later than now."""
    assert Health.UNKNOWN is assess([outcome("a", minutes=-5)], NOON)[0]


def test_many_failing_targets_are_summed_up():
    """Three names fit into the sentence."""
    rows = [outcome(name, FAILING) for name in "edcba"]

    assert assess(rows, NOON)[1].endswith("a, b, c and 2 more.")


@given(st.permutations([outcome("a"), outcome("a", FAILING, minutes=3), outcome("b", FAILING), outcome("c")]))
def test_the_order_of_results_does_not_matter(rows):
    """Whatever order a store gives them in."""
    assert assess(rows, NOON) == (Health.HEALTHY, "1 of 3 innocuous targets failing.")

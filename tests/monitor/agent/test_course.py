"""What a plan and a consent come to: which orders, how often, and why none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.agent.course import FLOOR, Course
from monitor.agent.enrolment import agreed
from monitor.agent.folder import AgentError
from monitor.sshsig import SigningKey
from monitor.wire import Consent, Plan
from probes.model import Role, Target
from tests.monitor.agent.conftest import START, TARGETS, plan

KEY = SigningKey.generate()


def consent(offered: Plan, **options: object) -> Consent:
    """An operator's agreement to a plan."""
    letter = agreed(offered, "00" * 32, KEY, language="en", now=START, software="t", **options)
    return letter.opened(Consent, KEY.public, "consent@presscanary")


def orders(offered: Plan, **options: object) -> dict[tuple[str, str], timedelta]:
    """Target and kind of each order, and how often."""
    course = Course(plan=offered, consent=consent(offered, **options))
    return {(each.target.id, each.kind): each.interval for each in course.orders()}


def test_each_target_has_its_interval_and_none_is_visited_more_than_once_a_minute():
    """The plan's own, the target's own, and never below the floor, whatever a plan says."""
    made = orders(plan(interval=300.0, intervals={"kloop": 1.0, "kaktus": 900.0}))

    assert made == {
        ("kloop", "website"): FLOOR,
        ("kaktus", "website"): timedelta(minutes=15),
        ("library", "website"): timedelta(minutes=5),
    }


def test_experiments_run_beside_the_visits_where_nothing_is_lacking():
    """One that looks at the place has one target; one that compares names needs an innocuous one; what is not known to
    this version, or needs an echo host, is left out."""
    beside = {"vantage_health": 600.0, "dns_consistency": 3600.0, "availability": 60.0, "throttle": 60.0, "newer": 60.0}
    made = orders(plan(beside=beside, innocuous_names=("library.example",)))
    found = {(target, kind) for target, kind in made if kind != "website"}

    assert ("library", "vantage_health") in found
    assert {target for target, kind in found if kind == "vantage_health"} == {"library"}
    assert {target for target, kind in found if kind == "dns_consistency"} == {"kloop", "kaktus"}
    assert {target for target, kind in found if kind == "availability"} == {"kloop", "kaktus", "library"}
    assert not {kind for _, kind in found} & {"throttle", "newer"}


def test_a_control_makes_no_experiments_with_watched_targets():
    """There is no censor to compare with."""
    offered = plan(beside={"dns_consistency": 3600.0})
    offered = replace(offered, vantage=replace(offered.vantage, role=Role.CONTROL))

    assert {kind for _, kind in orders(offered)} == {"website"}


def test_vetoes_hold_for_experiments_as_well():
    """A target or a category that is left out is in no order at all."""
    made = orders(
        plan(beside={"availability": 600.0}),
        vetoed_targets=["kloop"],
        vetoed_categories=["innocuous"],
        wanted=["religion"],
    )

    assert {target for target, _ in made} == {"kaktus", "temple"}


@pytest.mark.parametrize(
    ("required", "agreed_to", "words"), [(2, 1, "update the program"), (1, 0, "new risk text"), (1, 1, "")]
)
def test_without_agreement_to_the_risk_text_in_force_there_are_no_orders(required: int, agreed_to: int, words: str):
    """Neither where the collector asks for a newer one, nor where ours is newer."""
    offered = plan(risk=required)
    course = Course(plan=offered, consent=replace(consent(offered), risk=agreed_to))

    assert words in course.standing
    assert bool(tuple(course.orders())) is (words == "")


def test_a_category_without_a_name_can_be_agreed_to_and_vetoed():
    """Targets without a category are not visited by accident."""
    offered = plan(targets=(Target(id="plain", urls=("https://plain.example/",)),))

    assert set(orders(offered)) == {("plain", "website")}
    assert orders(offered, vetoed_categories=[""]) == {}
    bigger = plan(targets=(*TARGETS, Target(id="plain", urls=("https://plain.example/",))))
    assert Course(plan=bigger, consent=consent(plan())).unasked == {""}


def test_a_misspelt_exception_is_no_consent():
    """A veto of something that is not there would be a veto of nothing."""
    for options in ({"vetoed_targets": ["klop"]}, {"vetoed_categories": ["medja"]}, {"wanted": ["lgbt"]}):
        with pytest.raises(AgentError, match="no target or category"):
            consent(plan(), **options)

"""What a failure sets off, and how much of it at most."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from monitor.burst import Allowance, Page, plan
from monitor.config import BurstSettings
from probes.model import Target, VantagePoint

POSSIBLE = {"website", "sni_swap", "host_swap", "dns_consistency", "throttle"}
LIBRARY = Target(id="library", urls=("https://library.example/",), innocuous=True)


def page(name: str = "kloop", *, scheme: str = "https", vantage: str = "here") -> Page:
    target = Target(id=name, urls=(f"{scheme}://{name}.example/",))
    return Page(target=target, url=target.urls[0], vantage=VantagePoint(id=vantage))


def planned(page: Page, seed: int = 1, possible: set[str] = POSSIBLE, **changes: object):
    return plan(page, BurstSettings(**changes), possible=possible, innocuous=[LIBRARY], dice=Random(seed))


def test_a_failure_is_looked_at_again_after_one_two_and_four_minutes_with_experiments_and_an_innocuous_site():
    """The same visit, the name swapped, the name by every resolver, and a site that nobody blocks, each time."""
    rounds = planned(page())

    assert [each.after for each in rounds] == [timedelta(minutes=number) for number in (1, 2, 4)]
    for each in rounds:
        kinds = sorted((trial.kind, trial.target.id) for trial in each.trials if trial.kind != "host_swap")
        assert kinds == [
            ("dns_consistency", "kloop"),
            ("sni_swap", "kloop"),
            ("website", "kloop"),
            ("website", "library"),
        ]
    assert [sum(trial.kind == "host_swap" for trial in each.trials) for each in rounds] == [0, 1, 0]


def test_a_page_in_the_clear_shows_its_name_in_the_host_header_only():
    """There is no server name to swap where nothing is encrypted."""
    kinds = {trial.kind for each in planned(page(scheme="http")) for trial in each.trials}

    assert kinds == {"website", "host_swap", "dns_consistency"}


def test_the_order_is_drawn_for_each_round():
    """What a censor remembers of one connection does not spoil the same comparison every time."""
    orders = {tuple(trial.kind for trial in planned(page(), seed)[0].trials) for seed in range(40)}

    assert len(orders) > 5


def test_experiments_that_lack_something_are_left_out():
    """Without anything to compare with there are still visits."""
    kinds = {trial.kind for each in planned(page(), possible={"website"}) for trial in each.trials}

    assert kinds == {"website"}


def test_only_the_innocuous_visit_shows_no_trigger():
    """The rest between names depends on it."""
    assert {trial.trigger for each in planned(page()) for trial in each.trials if trial.target is not LIBRARY} == {True}
    assert {trial.trigger for each in planned(page()) for trial in each.trials if trial.target is LIBRARY} == {False}


def test_a_page_has_one_burst_at_a_time_and_a_vantage_point_only_so_many():
    """Twenty targets that fail at once do not mean twenty bursts on one line; another line has its own."""
    allowance, settings = Allowance(), BurstSettings(at_once=2)

    begun = [allowance.begin(page(f"site-{number}"), settings, 0.0) for number in range(20)]
    assert begun == [True, True] + [False] * 18
    assert allowance.begin(page("site-5", vantage="there"), settings, 0.0)

    allowance.end(page("site-0"), settings, 300.0, proved=False)
    assert allowance.begin(page("site-7"), settings, 300.0)


def test_bursts_are_counted_per_hour():
    """A page that fails all day is not looked at all day."""
    allowance, settings = Allowance(), BurstSettings(per_hour=3)

    def begun(at: float) -> bool:
        done = allowance.begin(page(), settings, at)
        if done:
            allowance.end(page(), settings, at, proved=False)
        return done

    assert [begun(600.0 * number) for number in range(7)] == [True, True, True, False, False, False, True]


@pytest.mark.parametrize("proved", [True, False])
def test_what_was_proved_is_left_alone_for_a_while(proved):
    """A burst that found nothing is repeated at the next failure, one that did is not."""
    allowance, settings = Allowance(), BurstSettings()
    allowance.begin(page(), settings, 0.0)
    allowance.end(page(), settings, 240.0, proved=proved)

    assert allowance.begin(page(), settings, 600.0) is not proved
    assert proved is False or allowance.begin(page(), settings, 240.0 + 3600.0)


def test_controls_are_asked_about_a_page_once_a_minute_at_most():
    """Ten vantage points that lose the same page do not make the controls visit it ten times."""
    allowance, settings = Allowance(), BurstSettings()

    asked = [allowance.ask_controls("https://kloop.example/", settings, at) for at in (0.0, 5.0, 59.0, 60.0)]

    assert asked == [True, False, False, True]
    assert allowance.ask_controls("https://other.example/", settings, 5.0)

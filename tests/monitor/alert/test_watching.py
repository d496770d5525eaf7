"""What is told without an event: silence, dead letters, terms that ran out, contradicted claims, thin coverage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.alert.watching import Seen, contradictions, over, silence, terms, thin
from monitor.model import Claim, ClaimCheck, ClaimVerdict, Day, Stage, Topic
from tests.monitor.alert.made import AT, event
from tests.monitor.alert.made import over as ended

CLAIM = Claim(
    id="kloop-2026-order",
    target="kloop-ru",
    country="KG",
    kind="blocked",
    date="2026-01-01",
    precision="day",
    interval=(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
    term=datetime(2026, 3, 1, tzinfo=UTC),
)


def seen(**changes):
    """What the triggers look at, at `AT`, with a measurement a minute ago."""
    return Seen(**({"now": AT, "newest": AT - timedelta(minutes=1)} | changes))


def day(number, usable, network="AS47237", insufficient=0):
    """The counts of a network on a day of the week before `AT`."""
    return Day(
        target="kloop-ru",
        country="KG",
        network=network,
        day=date(2026, 3, 2) - timedelta(days=number),
        ok=usable,
        insufficient=insufficient,
    )


@pytest.mark.parametrize(("minutes", "told"), [(29, 0), (31, 1)])
def test_silence_is_told_after_half_an_hour_and_ends_when_something_comes(minutes, told):
    """One story for one silence; a monitor that never measured anything is not silent."""
    span = timedelta(minutes=30)
    found = list(silence(seen(newest=AT - timedelta(minutes=minutes)), span))
    assert [alert.topic for alert in found] == [Topic.MONITOR] * told
    assert list(silence(seen(newest=None), span)) == []
    for alert in found:
        (end,) = over([], {alert.story: alert}, AT)
        assert (end.stage, end.revision, end.end) == (Stage.ENDED, 2, (alert.since, AT))
        assert list(over(found, {alert.story: alert}, AT)) == []


def test_a_term_that_is_over_while_the_block_goes_on_is_told_once():
    """Not before it is over, not where the block has ended or was taken back, not for another target."""
    (told,) = terms(seen(claims=(CLAIM,), events=(event(),)))
    assert (told.topic, told.target, told.since, told.note) == (Topic.TERM, "kloop-ru", CLAIM.term, "term 2026-02-28")
    assert told.networks == event().networks
    for events, claim in [
        ((event(),), replace(CLAIM, term=AT + timedelta(days=1))),
        ((event(),), replace(CLAIM, term=None)),
        ((event(),), replace(CLAIM, target="kaktus")),
        ((ended(event()),), CLAIM),
        ((event(retracted=True),), CLAIM),
        ((), CLAIM),
    ]:
        assert list(terms(seen(claims=(claim,), events=events))) == []


@pytest.mark.parametrize("verdict", list(ClaimVerdict))
def test_a_claim_that_our_data_contradict_is_told_and_no_other(verdict):
    """Only `contradicted` speaks, and not of days that are so young that their events may still change."""
    check = ClaimCheck(claim=CLAIM, verdict=verdict, why="because")
    found = list(contradictions(seen(checks=(check,)), timedelta(days=2)))
    assert [alert.topic for alert in found] == [Topic.CLAIM] * (verdict is ClaimVerdict.CONTRADICTED)
    young = replace(CLAIM, interval=(AT - timedelta(days=2), AT - timedelta(days=1)))
    assert list(contradictions(seen(checks=(replace(check, claim=young),)), timedelta(days=2))) == []


def test_a_network_of_which_too_little_came_to_see_a_block_is_told():
    """After a day with enough, a whole day with fewer usable results; what cannot be said does not count as usable."""
    days = (day(2, 100), day(1, 5, insufficient=500), day(2, 100, "AS50223"), day(1, 100, "AS50223"))
    (told,) = thin(seen(days=days), 20)
    assert (told.topic, told.country, told.networks, told.note) == (Topic.COVERAGE, "KG", ("AS47237",), "coverage 5")


@pytest.mark.parametrize(
    "days",
    [(), (day(1, 5),), (day(2, 5), day(1, 5)), (day(2, 100), day(1, 20))],
    ids=["nothing", "a new network", "never enough", "enough"],
)
def test_a_network_that_was_never_covered_or_still_is_says_nothing(days):
    """A story needs a loss of coverage."""
    assert list(thin(seen(days=days), 20)) == []


def test_thin_coverage_ends_when_enough_comes_again():
    """The story is the network's, and it ends on the first day with enough."""
    (told,) = thin(seen(days=(day(2, 100), day(1, 0, insufficient=1))), 20)
    (end,) = over(list(thin(seen(days=(day(2, 100), day(1, 100))), 20)), {told.story: told}, AT)
    assert (end.story, end.stage) == ("coverage-KG-AS47237", Stage.ENDED)

"""Who is told what, when: once, in time, and never of what was not said before."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from monitor.alert.plan import decided
from monitor.alert.settings import Address, AlertSettings, Quiet, Recipient, Wants
from monitor.alert.wanted import Surroundings
from monitor.model import EventKind, Fate, NetworkSpan, Said, Saying, Tier, Topic
from tests.monitor.alert.made import AT, Inbox, event, minutes, over, recipient


def saying(said, subject, at=0, until=None):
    return Saying(
        id=f"{said}-{subject}-{at}",
        said=said,
        subject=subject,
        by="anna",
        at=AT + minutes(at),
        until=None if until is None else AT + minutes(until),
    )


def test_a_block_is_told_once_and_its_end_once():
    """The same revision seen every minute makes one message at its start and one at its end."""
    inbox, block = Inbox(), event()
    for minute in range(10, 60):
        inbox.at(minute, block)
    for minute in range(60, 240, 5):
        inbox.at(minute, over(block))

    assert inbox.heard == ["likely", "ended"]


def test_nothing_is_told_before_the_wait_is_over():
    """What else begins within two minutes of the alarm comes in the same message."""
    inbox, one = Inbox(), event()
    other = event("ev-2", target="kaktus", onset=(AT, AT + minutes(1)))

    assert inbox.at(11, one) == ()
    (message,) = inbox.at(12, one, other)
    assert [alert.story for alert in message.alerts] == ["ev-1", "ev-2"]


def test_later_starts_on_the_same_network_wait_for_company():
    """After a first message the next one about these networks and this hour comes a quarter of an hour later."""
    inbox, one = Inbox(), event()
    later = [event(f"ev-{n}", target="kaktus", onset=(AT, AT + minutes(n))) for n in (2, 3, 4)]
    inbox.at(12, one)

    assert inbox.at(20, one, *later) == ()
    (message,) = inbox.at(28, one, *later)
    assert len(message.alerts) == 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, True),
        ({"networks": ("AS47237",)}, False),
        ({"networks": ("AS47237",), "tier": Tier.CONFIRMED}, True),
        ({"tier": Tier.SUSPECTED}, False),
    ],
)
def test_by_default_it_takes_two_networks_or_confirmation(changes, told):
    """One network's likely block is one false alarm a day for somebody who watches a country."""
    assert bool(Inbox().at(12, event(**changes))) is told


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (Wants(countries=frozenset({"KZ"})), False),
        (Wants(networks=frozenset({"AS50223"})), True),
        (Wants(networks=frozenset({"AS1"})), False),
        (Wants(categories=frozenset({"media"})), True),
        (Wants(targets=frozenset({"kaktus"})), False),
        (Wants(topics=frozenset({Topic.OFFLINE})), False),
        (Wants(tier=Tier.CONFIRMED), False),
    ],
)
def test_only_what_is_wanted_is_told(wish, told):
    """Country, network, category, target, topic and tier each have to fit."""
    assert bool(Inbox(recipient(wants=(wish,))).at(12, event())) is told


def test_a_network_that_joins_days_later_is_news():
    """A block that nobody wanted to hear of yesterday is told when today's network makes it two."""
    inbox, block = Inbox(), event(networks=("AS47237",))
    assert inbox.at(12, block) == ()
    late = AT + minutes(60 * 48)
    span = NetworkSpan(
        network="AS50223", onset=(late, late), end=None, alarm=late, technique=None, vantage_points=2, score=9.0
    )

    assert len(inbox.at(60 * 48 + 5, replace(event(), spans=(span,), revision=2))) == 1


def test_what_was_declined_is_not_proposed_again_unless_it_is_surer():
    """A person's no holds for the story at that tier, whatever else is revised."""
    inbox = Inbox(recipient(public=True))
    (proposed,) = inbox.at(12, event())
    (declined,) = decided(inbox.kept.values(), [saying(Said.DECLINED, f"delivery:{proposed.key}")], AT + minutes(20))
    inbox.kept[declined.key] = declined

    assert inbox.at(30, replace(event(), networks=("AS1", "AS2", "AS3", "AS4"), revision=2)) == ()
    (again,) = inbox.at(40, replace(event(), tier=Tier.CONFIRMED, revision=3))
    assert again.fate is Fate.PROPOSED
    assert inbox.at(300, over(event())) != ()


def test_old_alarms_ring_nowhere():
    """An imported history of years is no news."""
    assert Inbox().at(60 * 25, event()) == ()


def test_a_retraction_goes_to_whoever_was_told_and_to_nobody_else():
    """It passes mutes and caps; who never heard of the block hears nothing."""
    told, untold = Inbox(recipient(cap=1)), Inbox(recipient(wants=(Wants(tier=Tier.CONFIRMED),)))
    block = event()
    wrong = replace(block, retracted=True, tier=Tier.SUSPECTED, revision=2)
    mute = [saying(Said.MUTED, "all")]
    for inbox in (told, untold):
        inbox.at(12, block)
        inbox.at(40, wrong, sayings=mute)
        inbox.at(41, wrong, sayings=mute)

    assert told.heard == ["likely", "retracted"]
    assert untold.heard == []


def test_what_was_taken_back_before_it_left_is_never_heard_of():
    """A message that still waits for the morning is superseded by nothing at all."""
    sleeper = Inbox(recipient(quiet=Quiet(begins=time(8), ends=time(20))))
    block = event()
    (message,) = sleeper.at(12, block)
    sleeper.at(40, replace(block, retracted=True, revision=2))

    assert message.due == AT.replace(hour=20)
    assert sleeper.kept[message.key].fate is Fate.SUPERSEDED
    assert sleeper.heard == []


def test_a_block_that_began_and_ended_in_quiet_hours_is_one_message_in_the_morning():
    """It tells of both; nobody is woken twice for what is over."""
    sleeper = Inbox(recipient(quiet=Quiet(begins=time(8), ends=time(20))))
    sleeper.at(12, event())
    (message,) = sleeper.at(120, over(event()))

    assert sleeper.heard == ["ended"]
    assert message.due == AT.replace(hour=20)


def test_who_wants_to_be_woken_for_confirmed_blocks_is():
    """Quiet hours hold for what is less sure only."""
    who = recipient(quiet=Quiet(begins=time(8), ends=time(20), wake=Tier.CONFIRMED))
    (likely,) = Inbox(who).at(12, event())
    (confirmed,) = Inbox(who).at(12, event(tier=Tier.CONFIRMED))

    assert (likely.due, confirmed.due) == (AT.replace(hour=20), AT + minutes(12))


def test_updates_are_gathered_for_an_hour():
    """A rising tier and more networks come as one quiet update, an hour after the first message."""
    inbox, block = Inbox(), event()
    inbox.at(12, block)
    surer = replace(block, tier=Tier.CONFIRMED, revision=2)
    wider = replace(surer, networks=("AS1", "AS2", "AS3", *block.networks), revision=3)

    assert inbox.at(20, surer) == ()
    assert inbox.at(50, wider) == ()
    (update,) = inbox.at(72, wider)
    assert update.quiet
    assert inbox.heard == ["likely", "confirmed"]
    assert inbox.at(200, wider) == ()


def test_a_growth_is_told_when_the_networks_have_doubled():
    """Two networks and one more are no news, two and two more are, four hours after the first message."""
    inbox, block = Inbox(), event()
    inbox.at(12, block)

    assert inbox.at(80, replace(block, networks=("AS1", *block.networks), revision=2)) == ()
    wider = replace(block, networks=("AS1", "AS2", *block.networks), revision=3)
    assert inbox.at(81, wider) == ()
    (update,) = inbox.at(12 + 4 * 60, wider)
    assert update.alerts[0].stage.value == "extended"


def test_an_end_that_does_not_hold_is_not_told():
    """A pause that is over within half an hour reaches nobody."""
    inbox, block = Inbox(), event()
    inbox.at(12, block)
    inbox.at(61, over(block))
    inbox.at(85, replace(block, revision=3))
    inbox.at(300, replace(block, revision=3))

    assert inbox.heard == ["likely"]


def test_a_block_that_returns_after_its_end_was_told_rings_again():
    """It says that it is the same story, fails anew, and is no quiet update."""
    inbox, block = Inbox(), event()
    inbox.at(12, block)
    inbox.at(100, over(block))
    (again,) = inbox.at(180, replace(block, revision=3))

    assert inbox.heard == ["likely", "ended", "extended"]
    assert again.alerts[0].note == "again"
    assert not again.quiet


def test_the_end_of_a_block_that_comes_and_goes_must_hold_longer():
    """After it was called over once and returned, the next end is told when it has held three times as long."""
    inbox, block = Inbox(), event()
    inbox.at(12, block)
    inbox.at(100, over(block))
    inbox.at(180, replace(block, revision=3))
    last = replace(over(block, 240), revision=4)

    assert inbox.at(300, last) == ()
    assert len(inbox.at(240 + 90, last)) == 1


@pytest.mark.parametrize(
    "around",
    [
        Surroundings(dark=frozenset({("KG", "AS47237"), ("KG", "AS50223")})),
        Surroundings(dark=frozenset({("KG", "AS50223")})),
        Surroundings(down=frozenset({"kloop-ru"})),
    ],
)
def test_a_block_is_held_while_something_larger_explains_it(around):
    """With the network offline, a sick vantage point or the site down, it is held, and told when that is over."""
    inbox = Inbox()

    assert inbox.at(12, event(), around=around) == ()
    assert len(inbox.at(30, event())) == 1


def test_what_the_daily_cap_holds_back_is_written_down_and_told_the_next_day():
    """Confirmed blocks pass it; the others are withheld, once, and still told tomorrow if they last."""
    inbox = Inbox(recipient(cap=1), AlertSettings(gap=minutes(1)))
    inbox.at(12, event())
    other = event("ev-2", target="kaktus", networks=("AS1", "AS2"), alarm=AT + minutes(30))
    (held,) = inbox.at(40, other)
    again = inbox.at(50, other)
    (passed,) = inbox.at(60, replace(other, id="ev-3", tier=Tier.CONFIRMED, onset=(AT, AT + minutes(50))))
    (told,) = inbox.at(16 * 60, other)

    assert (held.fate, held.note, again) == (Fate.WITHHELD, "daily cap", ())
    assert passed.fate is Fate.WAITING
    assert told.fate is Fate.WAITING


@pytest.mark.parametrize(
    ("subject", "silent"),
    [
        ("all", True),
        ("recipient:desk", True),
        ("recipient:other", False),
        ("event:ev-1", True),
        ("target:kloop-ru", True),
        ("country:KG", True),
        ("network:AS1", False),
    ],
)
def test_a_mute_silences_what_it_names_until_it_expires(subject, silent):
    """What it silenced is written down; after its end the block is told if it lasts."""
    inbox, mute = Inbox(), [saying(Said.MUTED, subject, until=60)]
    found = inbox.at(12, event(), sayings=mute)

    assert [one.fate for one in found] == [Fate.WITHHELD if silent else Fate.WAITING]
    assert len(inbox.at(61, event(), sayings=mute)) == silent


def test_a_mute_can_be_taken_back():
    """The later word about a subject holds."""
    words = [saying(Said.MUTED, "all"), saying(Said.UNMUTED, "all", at=1)]
    (found,) = Inbox().at(12, event(), sayings=words)

    assert found.fate is Fate.WAITING


def test_what_many_read_waits_for_a_person():
    """The start is proposed; once it was approved and sent, its end needs nobody."""
    inbox = Inbox(recipient(public=True))
    (proposed,) = inbox.at(12, event())
    (approved,) = decided(inbox.kept.values(), [saying(Said.APPROVED, f"delivery:{proposed.key}")], AT + minutes(20))
    inbox.kept[approved.key] = replace(approved, fate=Fate.SENT, attempts=1)
    (end,) = inbox.at(120, over(event()))

    assert proposed.fate is Fate.PROPOSED
    assert approved.fate is Fate.WAITING
    assert end.fate is Fate.WAITING


def test_what_nobody_approved_in_time_is_never_published_as_news():
    """When the block ends before anybody approved its start, what is proposed tells of both."""
    inbox = Inbox(recipient(public=True))
    (first,) = inbox.at(12, event())
    (second,) = inbox.at(120, over(event()))

    assert inbox.kept[first.key].fate is Fate.SUPERSEDED
    assert second.fate is Fate.PROPOSED


def test_every_address_gets_its_own_delivery():
    """Two ways to the same person are two rows with two keys and the same words."""
    both = tuple(Address(name=name, channel="file", to=f"{name}.jsonl") for name in ("one", "two"))
    made = Inbox(recipient(addresses=both)).at(12, event())

    assert [one.address for one in made] == ["one", "two"]
    assert len({one.key for one in made}) == 2


def test_a_silent_network_is_told_of_without_a_second_one():
    """Of a network that stopped reporting there is only one."""
    silent = event(kind=EventKind.OFFLINE, target="AS47237", networks=("AS47237",), technique=None)

    assert len(Inbox().at(12, silent)) == 1


TURNS = some.lists(
    some.tuples(
        some.sampled_from(list(Tier)),
        some.integers(min_value=1, max_value=6),
        some.sampled_from(["open", "open", "over", "wrong"]),
        some.integers(min_value=1, max_value=90),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(turns=TURNS, wake=some.booleans(), public=some.booleans())
def test_whatever_happens_no_retraction_or_end_comes_unannounced(turns, wake, public):
    """In every history: planning twice plans nothing new, first comes a start, and a retraction is followed by nothing
    but a new start."""
    inbox = Inbox(Recipient(name="desk", addresses=recipient().addresses, public=public))
    minute, revision, block = 12, 1, event()
    for tier, networks, state, step in turns:
        revision += 1
        block = replace(
            block, tier=tier, networks=tuple(f"AS{n}" for n in range(networks)), end=None, revision=revision
        )
        now = block if state == "open" else over(block, minute) if state == "over" else replace(block, retracted=True)
        inbox.at(minute, now, sent=wake)
        assert inbox.at(minute, now, sent=wake) == ()
        minute += step

    for before, after in zip(["", *inbox.heard], inbox.heard, strict=False):
        if before in ("", "retracted"):
            assert after in ("suspected", "likely", "confirmed") or (not wake and after == "ended") or public

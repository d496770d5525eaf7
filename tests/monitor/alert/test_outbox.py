"""Nothing that was planned is lost, whatever ends the monitor, and nobody else waits for a channel that hangs."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.alert import desk, orders
from monitor.alert.channels import Delivered, Later, Refused, all_channels
from monitor.alert.outside import Outside, UnreachableError
from monitor.alert.post import ready, settled
from monitor.alert.received import take_in
from monitor.alert.settings import Address, AlertSettings, Digest
from monitor.alert.wanted import Surroundings
from monitor.alert.watching import Seen
from monitor.model import Claim, Fate, Form, Said, Stage, Tier, Topic
from monitor.store import open_store
from tests.monitor.alert.made import AT, KNOWN, SETTINGS, Inbox, event, minutes, over, recipient
from tests.monitor.alert.sink import sink
from tests.monitor.alert.test_plan import saying

KILLED = Path(__file__).with_name("killed.py")
KILLS = 200
(DELIVERY,) = Inbox().at(12, event(), sent=False)


@pytest.mark.slow
def test_two_hundred_kills_lose_no_alert_and_double_none(tmp_path):
    """Killed before any step and at any moment, it goes on where it was: each story reaches each recipient, once where
    the channel takes a key, in its order; without keys, a kill can repeat at most what was on its way."""
    command = [sys.executable, KILLED, tmp_path, str(KILLS), "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)

    assert found["killed"] == KILLS
    assert found["ended"] == 0
    assert (found["told"], found["told without keys"]) == (found["stories"], found["stories"])
    assert found["doubled"] == 0
    assert found["in order"] == 2
    assert found["again without keys"] <= KILLS


def test_one_address_is_one_queue():
    """What is tried again holds back what was planned after it; what waits for the morning does not."""
    late = replace(DELIVERY, key="a", attempts=1, due=AT + minutes(60))
    after = replace(DELIVERY, key="b")
    other = replace(DELIVERY, key="c", recipient="editor")
    sleeping = replace(DELIVERY, key="d", recipient="editor", due=AT + minutes(600))

    def keys(*waiting):
        return [[one.key for one in queue] for queue in ready(waiting, AT + minutes(20))]

    assert keys(late, after, other) == [["c"]]
    assert keys(sleeping, other, replace(other, key="e")) == [["c", "e"]]


@pytest.mark.parametrize(
    ("answer", "attempts", "fate", "rest"),
    [
        (Delivered(receipt="r"), 1, Fate.SENT, None),
        (Refused(why="no"), 1, Fate.DEAD, None),
        (Later(why="busy"), 1, Fate.WAITING, 30),
        (Later(why="busy"), 3, Fate.WAITING, 120),
        (Later(why="busy", after=500), 1, Fate.WAITING, 500),
        (Later(why="busy"), 12, Fate.DEAD, None),
    ],
)
def test_what_becomes_of_an_attempt(answer, attempts, fate, rest):
    """Sent, dead, or tried again after a rest that doubles, or as late as the other side asks."""
    after = settled(replace(DELIVERY, attempts=attempts), answer, AT, 12)

    assert after.fate is fate
    if rest is not None:
        assert after.due == AT + timedelta(seconds=rest)


class World:
    """A desk over a store of its own, with a clock and events that the test sets."""

    def __init__(self, folder, *who, **more):
        self.store = open_store(folder / "data")
        self.now, self.events, self.around, self.newest, self.claims = AT, [], Surroundings(), AT, ()
        self.settings = replace(SETTINGS, recipients=who, **more)
        self.folder = folder
        self.desk = desk.Desk(
            self.store,
            settings=lambda: self.settings,
            view=self.view,
            do=self.do,
            outside=lambda: Outside(folder=folder, allow=self.settings.allow),
            clock=lambda: self.now,
            orders_in=folder / "orders",
            received_in=folder / "received",
        )

    def view(self):
        seen = Seen(now=self.now, newest=self.newest, events=tuple(self.events), claims=self.claims)
        return desk.View(seen=seen, knowledge=KNOWN, around=self.around)

    async def do(self, work):
        return work()

    async def at(self, minute, *events):
        """One turn at `AT` and so many minutes, with what is sent in it."""
        self.now, self.events = AT + minutes(minute), list(events)
        self.newest = self.newest and self.now
        await self.desk.turn()
        await self.desk.stop()

    def told(self, name="out.jsonl"):
        """What a file holds."""
        path = self.folder / name
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def stages(self, name="out.jsonl"):
        """The stages that a file tells of."""
        return [alert["stage"] for line in self.told(name) for alert in line["alerts"]]


@pytest.fixture
def world(tmp_path):
    """Makes a world; its store is closed at the end."""
    made = []

    def make(*who, **more):
        made.append(World(tmp_path, *(who or (recipient(),)), **more))
        return made[-1]

    yield make
    for each in made:
        each.store.close()


async def test_a_block_and_its_end_reach_a_file(world):
    """From events to lines, with the second message knowing the first."""
    here = world()
    await here.at(12, event())
    await here.at(13, event())
    await here.at(100, over(event()))

    assert here.stages() == ["likely", "ended"]
    assert here.told()[1]["earlier"] == [here.told()[0]["key"]]


async def test_a_block_that_is_confirmed_days_later_is_told_then(world):
    """It was followed from its beginning, when it was not sure enough for this recipient."""
    here = world()
    doubtful = replace(event(), tier=Tier.SUSPECTED)
    await here.at(12, doubtful)
    await here.at(60 * 50, replace(event(), tier=Tier.CONFIRMED, revision=2))

    assert here.stages() == ["confirmed"]


async def test_a_desk_that_starts_anew_knows_what_was_told(world):
    """What the store holds is what was planned; nothing is told again."""
    here = world()
    await here.at(12, event())
    here.store.close()
    again = world()
    await again.at(20, event())

    assert again.stages() == ["likely"]


class Hanging:
    """A channel that never answers, or makes a mistake."""

    name, once = "hanging", False

    def __init__(self, fault=None):
        self.fault = fault

    def mistake(self, _):
        return None

    async def send(self, *_):
        if self.fault is not None:
            raise self.fault
        await asyncio.Event().wait()


async def test_what_does_not_leave_is_counted_for_the_metrics(world, monkeypatch):
    """By fate; a message that is tried in vain is overdue since it was planned, one that was sent is not."""
    broken = Hanging(fault=OSError("no way"))
    monkeypatch.setattr(desk, "all_channels", lambda: dict(all_channels()) | {"hanging": broken})
    stuck = recipient(name="stuck", addresses=(Address(name="x", channel="hanging"),))
    here = world(recipient())
    await here.at(12, event())
    assert (here.desk.fates()["sent"], here.desk.overdue()) == (1, 0.0)

    here.settings = AlertSettings(recipients=(stuck,))
    await here.at(13, event())
    here.now = AT + minutes(73)
    assert here.desk.fates()["waiting"] == 1
    assert here.desk.overdue() == 3600.0


async def test_a_channel_that_hangs_holds_up_nobody_else(world, monkeypatch):
    """Others are told at once and planning goes on while it hangs; after a minute it is tried again later."""
    monkeypatch.setattr(desk, "all_channels", lambda: dict(all_channels()) | {"hanging": Hanging()})
    monkeypatch.setattr("monitor.alert.post.SLOWEST", 0.2)
    slow = recipient(name="slow", addresses=(Address(name="x", channel="hanging"),))
    here = world(slow, recipient())
    here.now, here.events = AT + minutes(12), [event()]
    await here.desk.turn()
    here.now = AT + minutes(13)
    await asyncio.wait_for(here.desk.turn(), 5)
    await here.desk.stop()

    assert here.stages() == ["likely"]
    (waiting,) = here.store.deliveries(recipient="slow")
    assert (waiting.fate, waiting.attempts, waiting.note) == (Fate.WAITING, 1, "no answer in time")


@pytest.mark.parametrize(
    ("fault", "fate", "note"),
    [
        (UnreachableError("the host leads into a private network", forbidden=True), Fate.DEAD, "private"),
        (UnreachableError("no answer"), Fate.WAITING, "no answer"),
        (KeyError("hunter2"), Fate.WAITING, "a mistake in this program (KeyError)"),
    ],
)
async def test_a_channels_fault_is_written_down_without_its_details(world, monkeypatch, fault, fate, note):
    """What is forbidden is dead at once, all else tried again; an exception's text may be a secret and is left out."""
    monkeypatch.setattr(desk, "all_channels", lambda: dict(all_channels()) | {"hanging": Hanging(fault)})
    here = world(recipient(addresses=(Address(name="x", channel="hanging"),)))
    await here.at(12, event())
    (delivery,) = here.store.deliveries()

    assert delivery.fate is fate
    assert note in delivery.note
    assert "hunter2" not in delivery.note


async def test_a_recipient_who_is_gone_is_not_told(world):
    """What waited for them is dead, and says why."""
    here = world(recipient())
    here.now, here.events = AT + minutes(12), [event()]
    here.desk._plan()
    here.settings = AlertSettings(recipients=(recipient(name="other"),))
    await here.at(13, event())

    (first, _) = here.store.deliveries()
    assert first.fate is Fate.DEAD
    assert "not configured any more" in first.note


async def test_who_does_not_answer_is_followed_by_the_next(world):
    """Half an hour after delivery the second contact is told, once; with an acknowledgement nobody is."""
    second = recipient(name="editor", wants=(), addresses=(Address(name="file", channel="file", to="editor.jsonl"),))
    here = world(recipient(escalate_to="editor"), second)
    for minute in (12, 30, 43, 60):
        await here.at(minute, event())

    assert [line["form"] for line in here.told("editor.jsonl")] == ["escalation"]
    await here.at(120, over(event()))
    assert here.stages("editor.jsonl") == ["likely", "ended"]


async def test_an_acknowledgement_that_was_left_while_it_ran_is_taken_in(world):
    """The file is gone when the store has it, and the next contact is left in peace."""
    second = recipient(name="editor", wants=(), addresses=(Address(name="file", channel="file", to="editor.jsonl"),))
    here = world(recipient(escalate_to="editor"), second)
    await here.at(12, event())
    orders.leave(here.folder / "orders", saying(Said.ACKNOWLEDGED, "event:ev-1", at=20))
    (here.folder / "orders" / "junk.json").write_text("{", encoding="utf-8")
    for minute in (43, 60):
        await here.at(minute, event())

    assert here.told("editor.jsonl") == []
    assert [each.subject for each in here.store.sayings()] == ["event:ev-1"]
    assert [path.name for path in (here.folder / "orders").iterdir()] == ["junk.json"]


async def test_a_digest_comes_once_at_its_hour_and_counts_what_was_held_back(world):
    """At eight in the morning of the recipient's day: what goes on, and what the cap withheld."""
    from datetime import time

    who = recipient(cap=1, digest=Digest(at=time(8)), timezone="Asia/Bishkek")
    here = world(who, gap=minutes(1))
    other = event("ev-2", target="kaktus", networks=("AS1", "AS2"), alarm=AT + minutes(30))
    for minute in (12, 40, 17 * 60 + 1, 17 * 60 + 30):  # 08:01 there
        await here.at(minute, event(), other)

    (digest,) = [line for line in here.told() if line["form"] == "digest"]
    assert [alert["story"] for alert in digest["alerts"]] == ["ev-1", "ev-2"]
    assert "Kept from you since the last digest: 1" in digest["text"]


def watcher(*topics):
    """Who wants to hear of the monitor itself, and of documents."""
    from monitor.alert.settings import Wants

    return recipient(wants=(Wants(topics=frozenset(topics)),))


async def test_a_monitor_that_measures_nothing_says_so_and_says_when_it_does_again(world):
    """Half an hour of silence is one message; its end is another."""
    here = world(watcher(Topic.MONITOR))
    here.newest = None
    await here.at(5)
    here.newest, here.now = AT, AT + minutes(40)
    await here.desk.turn()
    await here.desk.stop()
    await here.at(50)

    assert here.stages() == ["likely", "ended"]


async def test_what_prometheus_reports_is_told_and_so_is_its_end(world):
    """Whoever looks after the monitor hears of it once, and once when it is resolved."""
    here = world(watcher(Topic.MONITOR))
    fires = {"status": "firing", "labels": {"alertname": "DiskFull"}, "startsAt": "2026-03-02T09:00:00Z"}
    take_in(here.folder / "received", {"version": "4", "alerts": [fires]})
    for minute in (5, 6):
        await here.at(minute)
    take_in(here.folder / "received", {"version": "4", "alerts": [fires | {"status": "resolved"}]})
    await here.at(20)

    assert here.stages() == ["likely", "ended"]
    assert "Prometheus reports DiskFull since 2026-03-02 09:00 UTC." in here.told()[0]["text"]
    assert "no longer reports DiskFull" in here.told()[1]["text"]


async def test_letters_that_died_are_told_of_and_their_telling_is_not(world):
    """Whoever looks after the monitor hears of it once a day and address, and never of their own."""
    unsuited = Address(name="hook", channel="webhook", to="http://127.0.0.1:9/", secret="s")
    here = world(watcher(Topic.MONITOR), recipient(name="lost", addresses=(unsuited,)))
    for minute in (12, 13, 14):
        await here.at(minute, event())

    assert [line["subject"] for line in here.told()] == ["THE MONITOR NEEDS YOU"]
    assert "lost" in here.told()[0]["text"]


async def test_a_term_that_ran_out_while_the_block_goes_on_is_told(world):
    """The lawyer hears of it on the day, once; of a term that is over with its block nobody does."""
    here = world(watcher(Topic.TERM))
    claim = Claim(
        id="c1",
        target="kloop-ru",
        country="KG",
        kind="blocked",
        date="2026-01-01",
        precision="day",
        interval=(AT - timedelta(days=60), AT - timedelta(days=59)),
        term=AT + minutes(30),
    )
    here.claims = (claim, replace(claim, id="c2", target="kaktus"))
    for minute in (20, 31, 60):
        await here.at(minute, event())

    assert [(line["alerts"][0]["topic"], line["alerts"][0]["note"]) for line in here.told()] == [
        ("term", "term 2026-03-02")
    ]


async def test_the_dead_mans_switch_is_asked_while_measurements_come_in(world):
    """Every few minutes, and not any more when they stop; nobody else has to be configured."""
    with sink() as server:
        here = world(heartbeat=f"{server.url}/ping", allow=frozenset({"127.0.0.1"}))
        for minute in (0, 1, 6, 12):
            await here.at(minute)
        assert [path for _, path, _, _ in server.requests] == ["/ping"] * 3
        here.newest = AT - minutes(100)
        here.now = AT + minutes(30)
        await here.desk.turn()
        await here.desk.stop()
        assert len(server.requests) == 3


async def test_a_retraction_follows_its_start_to_the_same_place(world):
    """Same recipient, same address, same thread."""
    here = world()
    await here.at(12, event())
    await here.at(30, replace(event(), retracted=True, revision=2))

    assert here.stages() == ["likely", "retracted"]
    assert [one.form for one in here.store.deliveries()] == [Form.NEWS] * 2
    assert here.store.deliveries()[1].alerts[0].stage is Stage.RETRACTED

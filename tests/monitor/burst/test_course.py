"""Bursts as they run: on a clock of the test's own, so that nothing waits."""

from __future__ import annotations

import asyncio
from random import Random

from monitor.burst import Bursts, Means, Page, Trial
from monitor.config import BurstSettings
from monitor.model import Bearing
from probes.model import Target, VantagePoint

KLOOP = Target(id="kloop", urls=("https://kloop.example/",))
LIBRARY = Target(id="library", urls=("https://library.example/",), innocuous=True)
PAGE = Page(target=KLOOP, url=KLOOP.urls[0], vantage=VantagePoint(id="here"))
POSSIBLE = ("website", "sni_swap", "host_swap", "dns_consistency")


class World:
    """A clock that sleeping moves, and a diary of what was measured when."""

    def __init__(self, *, bearing: Bearing = Bearing.NONE, **changes: object) -> None:
        self.now, self.bearing = 0.0, bearing
        self.measured: list[tuple[float, str, str]] = []
        self.asked: list[str] = []
        self.settings = BurstSettings(**changes)
        self.bursts = Bursts(
            means=lambda: Means(settings=self.settings, possible=POSSIBLE, innocuous=[LIBRARY]),
            measure=self.measure,
            ask_controls=self.ask,
            time=lambda: self.now,
            sleep=self.sleep,
            dice=Random(3),
        )

    async def measure(self, page: Page, trial: Trial) -> Bearing:
        self.measured.append((self.now, trial.kind, trial.target.id))
        return self.bearing if trial.kind == "sni_swap" else Bearing.NONE

    async def ask(self, target: Target, url: str) -> None:
        self.asked.append(url)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    async def settle(self) -> None:
        """Let everything that was begun come to its end."""
        for _ in range(60):
            await asyncio.sleep(0)


async def test_a_burst_keeps_its_times_rests_between_names_and_asks_the_controls_at_once():
    """Rounds begin at one, two and four minutes; the innocuous site is never visited right after the target's name."""
    world = World()

    assert world.bursts.fire(PAGE)
    await world.settle()

    assert world.asked == [PAGE.url]
    times = [when for when, kind, target in world.measured if (kind, target) == ("website", "kloop")]
    assert [60 <= times[0] < 120, 120 <= times[1] < 240, 240 <= times[2] < 300] == [True, True, True]
    for (before, _, target), (after, _, other) in zip(world.measured, world.measured[1:], strict=False):
        if target == "kloop" and other == "library":
            assert after - before >= 15


async def test_the_same_failure_sets_off_one_burst_however_often_it_is_told():
    """Visits of the burst itself fail as well, and must not multiply it."""
    world = World()

    fired = [world.bursts.fire(PAGE) for _ in range(5)]
    await world.settle()

    assert fired == [True, False, False, False, False]
    assert sum(kind == "sni_swap" for _, kind, _ in world.measured) == 3
    assert world.asked == [PAGE.url]


async def test_what_was_proved_is_not_asked_again_at_once_and_what_was_not_is():
    """Three decisive experiments, one in each round, are what a burst is for."""
    for bearing, again in ((Bearing.DECISIVE, 3), (Bearing.NONE, 6)):
        world = World(bearing=bearing)
        for _ in range(2):
            world.bursts.fire(PAGE)
            await world.settle()
        assert sum(kind == "sni_swap" for _, kind, _ in world.measured) == again


async def test_stopping_cancels_what_runs_and_begins_nothing_more():
    """The end of the program does not wait for four minutes."""
    world = World()
    waiting = asyncio.Event()

    async def for_ever(_: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    world.bursts._sleep = for_ever
    world.bursts.fire(PAGE)
    await waiting.wait()

    await world.bursts.stop()

    assert world.bursts.fire(PAGE) is False
    assert world.measured == []
    assert world.bursts.allowance.running == set()


async def test_a_burst_survives_a_reload_that_switches_bursts_off():
    """What is under way is carried out as it was planned; no new one begins."""
    world = World()
    world.bursts.fire(PAGE)
    world.settings = BurstSettings(enabled=False)

    await world.settle()

    assert sum(kind == "sni_swap" for _, kind, _ in world.measured) == 3
    assert world.bursts.fire(PAGE) is False


async def test_a_mistake_ends_one_burst_is_told_and_gives_its_place_back():
    """An exception of ours is nobody's failure: the controls are asked all the same, and the page can have another."""
    world, told = World(), []

    async def breaks(page: Page, trial: Trial) -> Bearing:
        raise KeyError(trial.kind)

    world.bursts = Bursts(
        means=lambda: Means(settings=world.settings, possible=POSSIBLE, innocuous=[LIBRARY]),
        measure=breaks,
        ask_controls=world.ask,
        time=lambda: world.now,
        sleep=world.sleep,
        on_mistake=told.append,
    )

    assert world.bursts.fire(PAGE)
    await world.settle()

    assert [type(one) for one in told] == [KeyError]
    assert world.asked == [PAGE.url]
    assert world.bursts.allowance.running == set()
    assert world.bursts.fire(PAGE)
    await world.bursts.stop()

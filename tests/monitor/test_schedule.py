"""The schedule measures what it is told, no more than so many at a time, and finishes what it began."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from monitor.schedule import Order, Schedule, Tally, phase
from probes.model import Role, Target, VantagePoint

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def order(target: str, *, innocuous: bool = False, role: Role = Role.VANTAGE, interval: float = 3600) -> Order:
    return Order(
        target=Target(id=target, urls=(f"https://{target}.example/",), innocuous=innocuous),
        vantage=VantagePoint(id="abroad" if role is Role.CONTROL else "here", role=role),
        interval=timedelta(seconds=interval),
    )


async def nothing() -> None:
    """No review between the batches."""


async def test_one_round_measures_innocuous_targets_first_then_controls_then_the_rest():
    """What tells whether a vantage point works is known before it is needed."""
    seen: list[str] = []

    async def work(which: Order) -> None:
        seen.append(which.id)

    orders = [order("kloop"), order("kloop", role=Role.CONTROL), order("library", innocuous=True)]
    await Schedule(orders, work, concurrency=4).once()

    assert seen == ["library@here", "kloop@abroad", "kloop@here"]


async def test_after_each_batch_of_a_round_there_is_a_chance_to_look_at_it():
    """An offline machine is told so when its innocuous targets have failed, not a round later."""
    seen: list[str] = []

    async def work(which: Order) -> None:
        seen.append(which.id)

    async def between() -> None:
        seen.append("look")

    await Schedule([order("kloop"), order("library", innocuous=True)], work, concurrency=4).once(between=between)

    assert seen == ["library@here", "look", "look", "kloop@here", "look"]


async def test_no_more_orders_run_at_once_than_allowed():
    """Concurrency is bounded, however many pairs are due."""
    running = most = 0

    async def work(_: Order) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    schedule = Schedule([order(f"site{n}") for n in range(20)], work, concurrency=3)
    await schedule.once()

    assert most == 3
    assert schedule.tally.finished == 20


async def test_stopping_finishes_what_runs_and_starts_nothing_more():
    """An order that was begun is carried out to its end; those that waited for a place are not begun."""
    begun, finished = asyncio.Event(), []
    go_on = asyncio.Event()

    async def work(which: Order) -> None:
        begun.set()
        await go_on.wait()
        finished.append(which.id)

    schedule = Schedule([order("first"), order("second")], work, concurrency=1)
    schedule.start(NOW, nothing)
    await begun.wait()
    stopping = asyncio.create_task(schedule.stop())
    await asyncio.sleep(0)
    go_on.set()
    await stopping

    assert finished == ["first@here"]


async def test_orders_come_again_after_their_interval():
    """A pair is measured in the first round and then once per interval."""
    count = 0
    thrice = asyncio.Event()

    async def work(_: Order) -> None:
        nonlocal count
        count += 1
        if count == 3:
            thrice.set()

    schedule = Schedule([order("kloop", interval=0.02)], work, concurrency=1)
    schedule.start(datetime.now(UTC), nothing)
    await asyncio.wait_for(thrice.wait(), 30)
    await schedule.stop()

    assert count >= 3


async def test_an_order_that_still_runs_when_it_is_due_again_is_counted_as_overlapped():
    """A slow site never runs twice at the same time, and the schedule says that it could not keep up."""
    release, noted = asyncio.Event(), asyncio.Event()

    class Noting(Tally):
        def __setattr__(self, name: str, value: float) -> None:
            super().__setattr__(name, value)
            if name == "overlapped" and value:
                noted.set()

    async def work(_: Order) -> None:
        await release.wait()

    schedule = Schedule([order("slow", interval=0.01)], work, concurrency=2, tally=Noting())
    schedule.start(datetime.now(UTC), nothing)
    await asyncio.wait_for(noted.wait(), 30)
    release.set()
    await schedule.stop()

    assert schedule.tally.overlapped >= 1


async def test_work_beside_the_orders_is_called_again_and_again():
    """Reviews run on their own interval."""
    called = asyncio.Event()

    async def review() -> None:
        called.set()

    schedule = Schedule([], lambda _: asyncio.sleep(0), concurrency=1)
    schedule.every(timedelta(seconds=0.01), review, "review")
    schedule.start(NOW, nothing)
    await asyncio.wait_for(called.wait(), 30)
    await schedule.stop()

    assert called.is_set()


@pytest.mark.parametrize("name", ["kloop-ru@here", "azattyk-ky@abroad", ""])
def test_a_phase_is_a_fraction_that_belongs_to_the_name(name: str):
    """The same pair keeps its place in the period after a restart."""
    assert 0 <= phase(name) < 1
    assert phase(name) == phase(name)


def test_phases_spread_over_the_period():
    """A thousand pairs do not fall due at once: every tenth of the period holds a fair part of them."""
    tenths = [int(10 * phase(f"site{n}@here")) for n in range(1000)]

    assert min(tenths.count(tenth) for tenth in range(10)) > 50

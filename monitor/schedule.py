"""When to measure: one job per (target, vantage point), its phase fixed by a hash, with bounded concurrency.

APScheduler keeps the time. Its jitter lengthens every period and its default grace drops runs after a stall (measured
on 3.11.3: 10 of 10 runs of 60 s jobs were dropped behind a stall of 4 s), so phases come from ids and no run is ever
too late.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from probes.model import Role, Target, VantagePoint

if TYPE_CHECKING:  # an agent's small machine is spared pydantic and NumPy (30 MB)
    from monitor.config import Settings

VISIT = "website"
"""The kind of probe that a round consists of; others have a schedule of their own beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One pair that is measured again and again."""

    target: Target
    vantage: VantagePoint
    interval: timedelta
    kind: str = VISIT

    @property
    def id(self) -> str:
        """A stable name of the pair and, where that is no visit, of the kind of probe."""
        return f"{self.target.id}@{self.vantage.id}{'' if self.kind == VISIT else f'+{self.kind}'}"


Work = Callable[[Order], Awaitable[None]]
Between = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    pass


@dataclass(slots=True, kw_only=True)
class Tally:
    """What the schedule did so far, for metrics and pages."""

    started: int = 0
    finished: int = 0
    missed: int = 0
    overlapped: int = 0
    running: int = 0
    lag: float = 0.0
    """Seconds that the newest run waited for a free place."""


def phase(name: str) -> float:
    """A fraction of the period, in [0, 1), that belongs to a name for ever.

    >>> phase("kloop@here") == phase("kloop@here")
    True
    >>> 0 <= phase("azattyk@here") < 1
    True
    """
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) / 2**32


def orders_of(settings: Settings) -> tuple[Order, ...]:
    """Every visit that the configuration asks for, then every experiment on a slow schedule of its own."""
    visits = (
        Order(target=target, vantage=station.point, interval=interval) for target, station, interval in settings.pairs()
    )
    beside = (
        Order(target=target, vantage=station.point, interval=interval, kind=kind)
        for kind, target, station, interval in settings.beside()
    )
    return (*visits, *beside)


def owed(orders: Iterable[Order]) -> dict[str, float]:
    """Reports per second that each vantage point owes, by its id."""
    rates: dict[str, float] = defaultdict(float)
    for order in orders:
        rates[order.vantage.id] += 1 / order.interval.total_seconds()
    return dict(rates)


class Schedule:
    """Runs the orders until it is stopped; what is running then is finished first."""

    def __init__(self, orders: Sequence[Order], work: Work, *, concurrency: int, tally: Tally | None = None) -> None:
        self.tally = tally or Tally()
        self.orders = orders
        self._work = work
        self._free = asyncio.Semaphore(concurrency)
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # what it would warn of is counted in the tally
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._scheduler.add_listener(self._note, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)

    @property
    def visits(self) -> tuple[Order, ...]:
        """The orders that a round consists of."""
        return tuple(order for order in self.orders if order.kind == VISIT)

    def start(self, now: datetime, between: Between) -> None:
        """Measure every pair once, as `once` does, then each at its own phase of its interval."""
        self._plan(self.orders, now)
        self._scheduler.start()
        self._spawn(self.once(between=between))

    def replace(self, orders: Sequence[Order], now: datetime) -> None:
        """Measure these pairs from now on: what runs goes on, what stayed the same keeps its phase, new ones start."""
        gone = [order for order in self.orders if order not in orders]
        new = [order for order in orders if order not in self.orders]
        self.orders = orders
        for order in gone:
            self._scheduler.remove_job(order.id)
        self._plan(new, now)

    def _plan(self, orders: Sequence[Order], now: datetime) -> None:
        for order in orders:
            first = now + order.interval * (0.5 + phase(order.id))
            trigger = IntervalTrigger(seconds=order.interval.total_seconds(), start_date=first)
            self._scheduler.add_job(self._fire, trigger, args=[order], id=order.id, name=order.id)

    def every(self, interval: timedelta, work: Callable[[], Coroutine[None, None, None]], name: str) -> None:
        """Call `work` once per interval beside the orders."""
        self._scheduler.add_job(work, IntervalTrigger(seconds=interval.total_seconds()), id=name, name=name)

    async def once(self, done: Callable[[Order], None] = lambda _: None, *, between: Between = _nothing) -> None:
        """Run every visit one time, in three batches: innocuous targets, controls, the rest; `between` follows each.

        So it is known early whether the vantage points, and then the targets themselves, work at all.
        """
        first = [order for order in self.visits if order.target.innocuous]
        second = [order for order in self.visits if not order.target.innocuous and order.vantage.role is Role.CONTROL]
        rest = [order for order in self.visits if order not in first and order not in second]
        for batch in (first, second, rest):
            async with asyncio.TaskGroup() as group:
                for order in batch:
                    group.create_task(self._run(order, done))
            await between()

    def close(self) -> None:
        """Start nothing more."""
        self._stopping = True
        if self._scheduler.running:
            self._scheduler.pause()

    async def stop(self) -> None:
        """Start nothing more, and return when everything that runs has finished."""
        self.close()
        while self._running:
            await asyncio.wait(self._running)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _fire(self, order: Order) -> None:
        await asyncio.shield(self._spawn(self._run(order)))

    def _spawn(self, running: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(running)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _run(self, order: Order, done: Callable[[Order], None] = lambda _: None) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        async with self._free:
            if self._stopping:
                return
            self.tally.lag = loop.time() - due
            self.tally.started += 1
            self.tally.running += 1
            try:
                await self._work(order)
            finally:
                self.tally.running -= 1
                self.tally.finished += 1
        done(order)

    def _note(self, event: JobEvent) -> None:
        if event.code == EVENT_JOB_MISSED:
            self.tally.missed += 1
        else:
            self.tally.overlapped += 1

"""The composition root: configuration in, everything wired once, nothing else.

One asyncio loop drives schedule, probes and page; one thread carries every measurement through `pipeline.record` and
every review, so that an order is done when its measurement is on disk (ADR 4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from monitor.config import Settings, Station
from monitor.metrics import Runtime
from monitor.model import BlockingEvent, Outcome, VantageStatus
from monitor.pipeline import PipelineSettings, record, review
from monitor.schedule import Order, Schedule, Tally
from monitor.store import Store, StoreError, open_store
from monitor.store.sqlite import SQLiteStore
from monitor.store.tending import Tender
from probes.model import Clock, Measurement, Task
from probes.network import Network, SystemNetwork
from probes.registry import all_probes

KIND = "website"
"""The kind of probe that the schedule runs."""

REST = 9
"""After a review the next one waits for so many times its duration: reviews take a tenth of one core at most."""

TEND_EVERY = timedelta(minutes=1)
"""How often one small piece of what is due in the store is done; like a review it rests afterwards."""


T = TypeVar("T")


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


def system_network(station: Station) -> Network:
    """The network that a vantage point of this machine measures through."""
    return SystemNetwork(source_address=station.source_address, interface=station.interface)


def _networks(settings: Settings) -> Mapping[str, Network]:
    return {station.point.id: system_network(station) for station in settings.vantage_points}


def _orders(settings: Settings) -> tuple[Order, ...]:
    return tuple(
        Order(target=target, vantage=station.point, interval=interval) for target, station, interval in settings.pairs()
    )


class App:
    """A wired monitor with an open store; use it as a context manager, so that the store is closed whatever happens.

    Raises StoreError where the data folder cannot be opened for writing.
    """

    def __init__(
        self,
        settings: Settings,
        data_dir: Path,
        *,
        networks: Mapping[str, Network] | None = None,
        clock: Clock = utc_now,
        on_outcome: Callable[[Outcome], None] = lambda _: None,
        on_review: Callable[[Sequence[BlockingEvent], Sequence[VantageStatus]], None] = lambda _, __: None,
        on_untended: Callable[[StoreError], None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.data_dir = data_dir
        self.clock = clock
        self.stopping = asyncio.Event()
        self.fault: StoreError | None = None
        """What kept a measurement from being stored; the monitor stops then."""
        self._on_outcome = on_outcome
        self._on_review = on_review
        self._on_untended = on_untended
        self._probe = all_probes()[KIND]
        self._given = networks
        self._networks = networks or _networks(settings)
        tally = Tally()
        self.runtime = Runtime(version=metadata.version("presscanary"), tally=tally)
        self.schedule = Schedule(
            _orders(settings), self._carry_out, concurrency=settings.schedule.concurrency, tally=tally
        )
        self.store: Store = open_store(data_dir)
        self._tender = Tender(self.store.upkeep) if isinstance(self.store, SQLiteStore) else None
        self._rested = self._tend_at = 0.0
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.shutdown(wait=True)
        self.store.close()

    @property
    def pipeline(self) -> PipelineSettings:
        """How far the walk looks around, for the slowest pair of the schedule."""
        slowest = max((order.interval for order in self.schedule.orders), default=self.settings.schedule.interval)
        return PipelineSettings.for_interval(slowest, self.settings.detection)

    def reload(self, settings: Settings) -> None:
        """Go on with other settings: what runs is finished, and pairs that stayed the same keep their phase."""
        self.settings = settings
        self._networks = self._given or _networks(settings)
        self.schedule.replace(_orders(settings), self.clock())

    async def once(self, done: Callable[[Order], None]) -> None:
        """Measure every pair one time and review; `done` is told of each pair. StoreError where storing failed."""
        await self.schedule.once(done)
        await self.schedule.stop()
        if self.fault is None:
            await self._review()
        self._raise_fault()

    async def watch(self) -> None:
        """Measure on schedule until `stopping` is set, then finish what runs. StoreError where storing failed."""
        self.schedule.every(self._review_interval(), self._review_if_rested, "review")
        self.schedule.every(TEND_EVERY, self._tend_if_rested, "tend")
        self.schedule.start(self.clock(), self._review)
        await self.stopping.wait()
        await self.schedule.stop()
        if self.fault is None:
            await self._review()
        self._raise_fault()

    async def _carry_out(self, order: Order) -> None:
        for url in order.target.urls:
            if self.stopping.is_set():
                return
            task = Task(
                target=order.target,
                url=url,
                vantage=order.vantage,
                resolvers=self.settings.resolvers,
                limits=self.settings.limits,
            )
            await self._keep(await self._probe.measure(task, self._networks[order.vantage.id], self.clock))

    async def _keep(self, measurement: Measurement) -> None:
        try:
            outcome = await self._on_writer(lambda: record(measurement, self.store, settings=self.pipeline))
        except StoreError as fault:
            self._stop_because(fault)
            return
        self.runtime.count(outcome.verdict.state)
        self._on_outcome(outcome)

    async def _review_if_rested(self) -> None:
        """A review, unless the last one took so long that reviewing would take more than its share of the machine."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._rested:
            began = loop.time()
            await self._review()
            self._rested = loop.time() + REST * (loop.time() - began)

    async def _review(self) -> None:
        points = [station.point for station in self.settings.vantage_points]
        try:
            changed = await self._on_writer(
                lambda: review(self.store, now=self.clock(), settings=self.pipeline, points=points)
            )
            self._on_review(changed, await self._on_writer(self.store.health))
        except StoreError as fault:
            self._stop_because(fault)

    async def _tend_if_rested(self) -> None:
        """One piece of sealing, merging or pruning; what it cannot do is told, and measuring goes on."""
        loop = asyncio.get_running_loop()
        tender = self._tender
        if tender is None or loop.time() < self._tend_at:
            return
        began = loop.time()
        try:
            await self._on_writer(lambda: tender.turn(self.settings.keeping, self.clock()))
        except StoreError as fault:
            self._on_untended(fault)
        self._tend_at = loop.time() + REST * (loop.time() - began)

    async def _on_writer(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def stop(self) -> None:
        """Ask the monitor to finish what runs and to start nothing more."""
        self.stopping.set()
        self.schedule.close()

    def _stop_because(self, fault: StoreError) -> None:
        self.fault = self.fault or fault
        self.stop()

    def _raise_fault(self) -> None:
        if self.fault is not None:
            raise self.fault

    def _review_interval(self) -> timedelta:
        """Twice a round, at most once a minute on a usual schedule: an event is seen soon, and a laptop stays cool."""
        shortest = min((order.interval for order in self.schedule.orders), default=self.settings.schedule.interval)
        return max(min(shortest / 2, timedelta(minutes=1)), timedelta(seconds=1))

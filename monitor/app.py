"""The composition root: configuration in, everything wired once, nothing else.

One asyncio loop drives schedule, probes and page; one thread carries every measurement through `pipeline.record` and
every review, so that an order is done when its measurement is on disk (ADR 4).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import metadata
from types import TracebackType
from typing import Self, TypeVar

from monitor.burst import Bursts, Means, Page, Trial, wanted
from monitor.config import Settings, Station
from monitor.metrics import Runtime
from monitor.model import Bearing, BlockingEvent, Finding, Outcome, VantageStatus
from monitor.outbox import desk_of
from monitor.pipeline import VISITS, PipelineSettings, known_in, note, record, review, survey
from monitor.pipeline.logged import tending_of
from monitor.schedule import VISIT, Order, Schedule, Tally, orders_of, owed
from monitor.store import Location, Store, StoreError, open_store
from monitor.verdict.health import LOOKS
from probes.model import Clock, Measurement, Role, Target, VantagePoint
from probes.network import Network, SystemNetwork
from probes.proxied import Proxied
from probes.registry import all_probes

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
    way = {name: getattr(station, name) for name in ("source_address", "interface", "namespace")}
    return SystemNetwork(**way) if station.proxy is None else Proxied(SystemNetwork(**way), station.proxy)


def _networks(settings: Settings) -> Mapping[str, Network]:
    return {station.point.id: system_network(station) for station in settings.vantage_points}


class App:
    """A wired monitor with an open store; use it as a context manager, so that the store is closed whatever happens.

    Raises StoreError where the data folder cannot be opened for writing, or its fingerprints cannot be read.
    """

    def __init__(
        self,
        settings: Settings,
        data_dir: Location,
        *,
        networks: Mapping[str, Network] | None = None,
        clock: Clock = utc_now,
        on_outcome: Callable[[Outcome], None] = lambda _: None,
        on_review: Callable[[Sequence[BlockingEvent], Sequence[VantageStatus]], None] = lambda _, __: None,
        on_untended: Callable[[StoreError], None] = lambda _: None,
        on_mistake: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self.settings, self.data_dir, self.clock = settings, data_dir, clock
        self.stopping = asyncio.Event()
        self.fault: StoreError | None = None
        """What kept a measurement from being stored; the monitor stops then."""
        self._on_outcome = on_outcome
        self._on_review = on_review
        self._on_untended = on_untended
        self._on_mistake = on_mistake
        self._given = networks
        self._networks = networks or _networks(settings)
        self._fingerprints, tally = known_in(data_dir), Tally()
        self.runtime = Runtime(version=metadata.version("presscanary"), tally=tally)
        self.schedule = Schedule(
            orders_of(settings), self._carry_out, concurrency=settings.schedule.concurrency, tally=tally
        )
        self.store: Store = open_store(data_dir)
        self._tending = tending_of(self.store)
        self.bursts = Bursts(
            means=self._means,
            measure=self._try,
            ask_controls=self._ask_controls,
            time=time.monotonic,
            on_mistake=self._cut_short,
        )
        self.desk = desk_of(self, self._on_writer, stop=self._stop_because, on_mistake=on_mistake)
        self.runtime.outbox = self.desk
        self._firing = False
        """Whether failures set off bursts: not in a single round, which is over too soon for them."""
        self._rested = self._tend_at = 0.0
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.shutdown(wait=True)
        if self._tending is not None:
            self._tending.close()
        self.store.close()

    @property
    def pipeline(self) -> PipelineSettings:
        """How far the walk looks around, for the slowest pair of the schedule."""
        slowest = max((order.interval for order in self.schedule.visits), default=self.settings.schedule.interval)
        bursts = self.settings.experiments.only_repeats
        settings = PipelineSettings.for_interval(slowest, self.settings.detection, bursts=bursts)
        every = self.settings.experiments.every
        held = max((2 * every[kind] for kind in LOOKS if kind in every), default=settings.held)
        return replace(settings, held=held, due=owed(self.schedule.visits), fingerprints=self._fingerprints)

    def reload(self, settings: Settings) -> None:
        """Go on with other settings, and with the fingerprints that are in the data folder now.

        What runs is finished, and pairs that stayed the same keep their phase. StoreError where the fingerprints
        cannot be read; nothing has changed then.
        """
        self._fingerprints = known_in(self.data_dir)
        self.settings = settings
        self._networks = self._given or _networks(settings)
        self.schedule.replace(orders_of(settings), self.clock())

    async def once(self, done: Callable[[Order], None]) -> None:
        """Measure every pair one time and review; `done` is told of each pair. StoreError where storing failed."""
        await self.schedule.once(done)
        await self.schedule.stop()
        await self._finish()

    async def watch(self) -> None:
        """Measure on schedule until `stopping` is set, then finish what runs. StoreError where storing failed."""
        self.schedule.every(self._review_interval(), self._review_if_rested, "review")
        self.schedule.every(TEND_EVERY, self._tend_if_rested, "tend")
        self.schedule.every(self._review_interval(), self.desk.turn, "tell")
        self.schedule.start(self.clock(), self._review)
        self._firing = True
        await self.stopping.wait()
        await self.bursts.stop()
        await self.schedule.stop()
        await self.desk.stop()
        await self._finish()

    async def _finish(self) -> None:
        """A last review, and the log brought up to date; StoreError where storing failed."""
        if self.fault is None:
            await self._review()
        tending = self._tending
        if self.fault is None and tending is not None:
            await self._on_writer(lambda: tending.enter(self.clock()))
        if self.fault is not None:
            raise self.fault

    async def _carry_out(self, order: Order) -> None:
        urls = order.target.urls[:1] if all_probes()[order.kind].of_place else order.target.urls
        for url in urls:
            if self.stopping.is_set():
                return
            await self._measure(order.kind, order.target, url, order.vantage)

    async def _measure(self, kind: str, target: Target, url: str, vantage: VantagePoint) -> Outcome | Finding | None:
        """Measure and keep; None where there is nothing to compare here, or where keeping failed."""
        probe, task = all_probes()[kind], self.settings.task(target, url, vantage)
        if probe.lacks(task):
            return None
        try:
            measurement = await probe.measure(task, self._networks[vantage.id], self.clock)
        except ValueError:
            if kind in VISITS:
                raise
            return None  # a bare address has no name that could be compared, and an http:// page no QUIC
        return await (self._keep(measurement) if kind in VISITS else self._note(measurement))

    async def _keep(self, measurement: Measurement) -> Outcome | None:
        try:
            outcome = await self._on_writer(lambda: record(measurement, self.store, settings=self.pipeline))
        except StoreError as fault:
            self._stop_because(fault)
            return None
        self.runtime.saw(measurement, outcome.measurement, outcome.verdict.state)
        self._on_outcome(outcome)
        self._follow(outcome)
        return outcome

    async def _note(self, measurement: Measurement) -> Finding | None:
        try:
            return await self._on_writer(lambda: note(measurement, self.store, settings=self.pipeline))
        except StoreError as fault:
            self._stop_because(fault)
            return None

    def _follow(self, outcome: Outcome) -> None:
        """Set off a burst where a visit failed."""
        target, point = self.settings.target(outcome.target), self._point(outcome.vantage)
        if self._firing and target is not None and point is not None and wanted(outcome):
            self.bursts.fire(Page(target=target, url=outcome.url, vantage=point))

    def _cut_short(self, mistake: Exception) -> None:
        """A burst ended by a mistake of ours: counted and told, and measuring goes on."""
        self.runtime.mistakes += 1
        self._on_mistake(mistake)

    async def _try(self, page: Page, trial: Trial) -> Bearing:
        station = next((each for each in self.settings.vantage_points if each.point.id == page.vantage.id), None)
        if station is None or trial.target.id in station.veto:  # a reload may have taken it away
            return Bearing.NONE
        found = await self._measure(trial.kind, trial.target, trial.url, page.vantage)
        return found.bearing if isinstance(found, Finding) else Bearing.NONE

    async def _ask_controls(self, target: Target, url: str) -> None:
        controls = [each for each in self.settings.vantage_points if each.point.role is Role.CONTROL]
        async with asyncio.TaskGroup() as group:
            for station in controls:
                if target.id not in station.veto:
                    group.create_task(self._measure(VISIT, target, url, station.point))

    def _means(self) -> Means:
        settings = self.settings
        return Means(
            settings=settings.experiments.burst,
            possible=all_probes().keys() - settings.left_out().keys(),
            innocuous=[target for target in settings.targets if target.innocuous],
        )

    def _point(self, vantage: str) -> VantagePoint | None:
        return next((each.point for each in self.settings.vantage_points if each.point.id == vantage), None)

    async def _review_if_rested(self) -> None:
        """A review; health alone where the last one took so long that another would take more than its share."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._rested:
            await self._survey()
            return
        began = loop.time()
        await self._review()
        self._rested = loop.time() + REST * (loop.time() - began)

    async def _survey(self) -> None:
        points = [station.point for station in self.settings.vantage_points]
        try:
            await self._on_writer(lambda: survey(self.store, now=self.clock(), settings=self.pipeline, points=points))
            self._on_review((), await self._on_writer(self.store.health))
        except StoreError as fault:
            self._stop_because(fault)

    async def _review(self) -> None:
        points = [station.point for station in self.settings.vantage_points]
        try:
            changed = await self._on_writer(
                lambda: review(self.store, now=self.clock(), settings=self.pipeline, points=points)
            )
            self.runtime.changes += bool(changed)
            self._on_review(changed, await self._on_writer(self.store.health))
        except StoreError as fault:
            self._stop_because(fault)

    async def _tend_if_rested(self) -> None:
        """One piece of sealing, merging or pruning; what it cannot do is told, and measuring goes on."""
        loop = asyncio.get_running_loop()
        tending = self._tending
        if tending is None or loop.time() < self._tend_at:
            return
        began = loop.time()
        try:
            await self._on_writer(lambda: tending.turn(self.settings.keeping, self.clock()))
        except StoreError as fault:
            self._on_untended(fault)
        self.runtime.store_bytes, self.runtime.store_limit = tending.size, self.settings.keeping.limit
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

    def _review_interval(self) -> timedelta:
        """Twice a round, at most once a minute on a usual schedule: an event is seen soon, and a laptop stays cool."""
        shortest = min((order.interval for order in self.schedule.visits), default=self.settings.schedule.interval)
        return max(min(shortest / 2, timedelta(minutes=1)), timedelta(seconds=1))

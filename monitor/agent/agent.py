"""The agent, wired once: schedule and probes on one loop, the spool on one thread, one talk with the collector."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import metadata
from types import TracebackType
from typing import Self, TypeVar

import httpx

from monitor.agent.clock import Moments, moments
from monitor.agent.course import FLOOR, Course
from monitor.agent.delivery import Delivery
from monitor.agent.folder import AgentFolder
from monitor.agent.identity import Identity, identity
from monitor.agent.redaction import redacted
from monitor.agent.repeats import Repeats, failed
from monitor.agent.spool import Spool, SpoolError
from monitor.agent.uplink import Uplink
from monitor.schedule import VISIT, Order, Schedule
from monitor.sshsig import PublicKey
from probes.model import Measurement
from probes.network import Network, SystemNetwork
from probes.own import remember
from probes.registry import all_probes

T = TypeVar("T")


class Agent:
    """One vantage point at work; use it as a context manager. AgentError where the folder is not an enrolled agent's,
    SpoolError where the spool cannot be used.

    `network`, `clocks`, `transport` and `floor` are for tests, as is `who`.
    """

    def __init__(
        self,
        folder: AgentFolder,
        *,
        network: Network | None = None,
        clocks: Moments | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        floor: timedelta = FLOOR,
        who: Callable[..., Identity] = identity,
    ) -> None:
        self._folder, self._network, self._floor, self._who = folder, network or SystemNetwork(), floor, who
        self._moments = clocks or moments()
        membership, self._key = folder.membership(), folder.key()
        self._collector = PublicKey.read(membership.collector)
        self.stopping = asyncio.Event()
        self.fault: SpoolError | None = None
        self.course, self._plan = self._read_course()
        self._read_at = folder.stamp
        self.spool = Spool(folder.spool, limit=membership.limit)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self.uplink = Uplink(
            membership.collectors,
            self._key,
            self._moments,
            proxy=membership.proxy,
            ca=folder.ca if membership.pinned else None,
            transport=transport,
        )
        self.delivery = Delivery(
            folder=folder,
            spool=self.spool,
            uplink=self.uplink,
            key=self._key,
            collector=self._collector,
            moments=self._moments,
            on_disk=self._on_disk,
            software=f"presscanary {metadata.version('presscanary')}",
            plan=(self.course.plan.serial, self._plan),
        )
        self.schedule = Schedule(
            tuple(self.course.orders()), self._carry_out, concurrency=max(1, min(self.course.plan.concurrency, 32))
        )
        self.repeats = Repeats(self._carry_out)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True)
        self.spool.close()
        remember()

    async def run(self) -> None:
        """Measure and deliver until `stopping` is set, then finish what runs. SpoolError where the disk has a fault."""
        self._look_around()
        async with self.uplink:
            self.schedule.start(self._now(), self._nothing)
            try:
                await self._converse()
            finally:
                self.stop()
                await self.repeats.stop()
                await self.schedule.stop()
        if self.fault is not None:
            raise self.fault

    def stop(self) -> None:
        """Ask the agent to finish what runs and to start nothing more."""
        self.stopping.set()
        self.schedule.close()

    async def _converse(self) -> None:
        """Rounds of delivery; the plan and the consent are looked at after each, and between two rounds."""
        while not self.stopping.is_set():
            pause = await self.delivery.round()
            self._look_around()
            await self._follow()
            if pause.over:
                return
            due = time.monotonic() + pause.seconds
            while not self.stopping.is_set() and (left := due - time.monotonic()) > 0:
                await self._rest(min(left, 5.0))
                await self._follow()

    async def _follow(self) -> None:
        """Go on with another plan or consent where there is one in the folder."""
        if (stamp := self._folder.stamp) == self._read_at:
            return
        consented = self.course.consent
        self._read_at = stamp
        self.course, self._plan = self._read_course()
        orders = tuple(self.course.orders())
        if orders != self.schedule.orders:
            self.schedule.replace(orders, self._now())
        if self.course.consent != consented:
            await self.delivery.tell_consent()

    def _look_around(self) -> None:
        """Learn what leads to this machine, so that it is kept out of what is measured from now on."""
        found = self._who(outer=self.uplink.outer)
        remember(words=found.words, addresses=found.addresses, around=found.around)

    async def _carry_out(self, order: Order) -> None:
        urls = order.target.urls[:1] if all_probes()[order.kind].of_place else order.target.urls
        for url in urls:
            if self.stopping.is_set() or not self._read_course_if_changed().allows(order.target):
                return
            plan = self._plan
            measurement = await self._measure(order, url)
            if measurement is None:
                continue
            await self._keep(measurement, plan)
            if order.kind == VISIT and failed(measurement):
                self.repeats.after(order)

    async def _measure(self, order: Order, url: str) -> Measurement | None:
        """One measurement, freed of what leads here; None where there is nothing to compare, or where the probe has a
        mistake: that must not end the others."""
        try:
            made = await all_probes()[order.kind].measure(self.course.task(order.target, url), self._network, self._now)
            return redacted(made)
        except ValueError:
            return None
        except Exception as mistake:  # noqa: BLE001 - whatever it is, its text may hold what a page sent
            kind = type(mistake).__name__
            await self._on_disk(lambda: self.spool.say(mistake=f"{order.kind} of {order.target.id}: {kind}"))
            return None

    async def _keep(self, measurement: Measurement, plan: str) -> None:
        moment = self._moments()
        try:
            await self._on_disk(lambda: self.spool.append(measurement, moment, plan))
        except SpoolError as fault:
            self.fault = self.fault or fault
            self.stop()

    def _read_course(self) -> tuple[Course, str]:
        """What is to be measured by what is on disk now, and the hash of the plan that says so."""
        plan, digest = self._folder.plan(self._collector)
        return Course(plan=plan, consent=self._folder.consent(self._key.public), floor=self._floor), digest

    def _read_course_if_changed(self) -> Course:
        """The course as it is on disk now: a veto holds from the moment when it was given."""
        return self.course if self._folder.stamp == self._read_at else self._read_course()[0]

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return

    async def _on_disk(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _now(self) -> datetime:
        return self._moments().wall.astimezone(UTC)

    @staticmethod
    async def _nothing() -> None:
        pass

"""The desk: looks at what is known, plans what each recipient is told, and has the post send it.

All writing goes through `do`, on the thread that writes everything else, and takes milliseconds; sending happens beside
the schedule and holds nothing up.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from monitor.alert import orders
from monitor.alert.channels import Channel, Letter, all_channels
from monitor.alert.digest import digests
from monitor.alert.escalation import escalations
from monitor.alert.letter import compose
from monitor.alert.outside import Outside, UnreachableError
from monitor.alert.plan import Moment, decided, is_news, plan
from monitor.alert.post import Post
from monitor.alert.received import standing
from monitor.alert.settings import AlertSettings
from monitor.alert.step import OPEN, told_by
from monitor.alert.story import Knowledge, alert_of
from monitor.alert.wanted import Surroundings
from monitor.alert.watching import Seen, contradictions, dead_letters, over, silence, terms, thin
from monitor.model import Alert, Delivery, Fate, Saying
from probes.model import Clock


class Outbox(Protocol):
    """What the desk needs of a store."""

    def enqueue(self, given: Sequence[Delivery], /, changed: Sequence[Delivery] = ()) -> int:
        """Append deliveries whose key is new and write what became of `changed`."""

    def deliveries(self) -> tuple[Delivery, ...]:
        """All deliveries, in the order in which they were planned."""

    def say(self, saying: Saying, /) -> None:
        """Append what a person said."""

    def sayings(self) -> tuple[Saying, ...]:
        """All that people said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the monitor knows at one moment, as far as alerts need it."""

    seen: Seen
    knowledge: Knowledge = field(default_factory=Knowledge)
    around: Surroundings = field(default_factory=Surroundings)
    least: int = 0
    """Usable results a day below which a network is told of as too thin; 0: never."""


def raised(fault: Exception) -> None:
    """What is done with a fault where nobody else takes it."""
    raise fault


class Desk:
    """One monitor's alerts. State: the outbox as it is in the store, which only this desk writes, and what is sent."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        settings: Callable[[], AlertSettings],
        view: Callable[[], View],
        do: Callable[[Callable[[], Any]], Awaitable[Any]],
        outside: Callable[[], Outside],
        clock: Clock,
        orders_in: Path | None = None,
        received_in: Path | None = None,
        on_fault: Callable[[Exception], None] = raised,
    ) -> None:
        self._outbox, self._settings, self._view, self._do = outbox, settings, view, do
        self._outside, self._clock, self._orders_in, self._on_fault = outside, clock, orders_in, on_fault
        self._received_in = received_in
        self._live: set[str] = set()
        self._known: dict[str, Delivery] = {one.key: one for one in outbox.deliveries()}
        self._post = Post(
            take=self._take, keep=self._keep, write=self._letter, outside=outside, clock=clock, on_fault=on_fault
        )
        self._beating: asyncio.Task[None] | None = None
        self._beaten: datetime | None = None

    async def turn(self) -> None:
        """Plan, and begin to send what is due; `on_fault` hears of a store's fault."""
        settings = self._settings()
        if not settings.recipients and not settings.heartbeat:
            return
        try:
            newest = await self._do(self._plan)
        except Exception as fault:  # noqa: BLE001 - the store's, of which this room knows no type
            self._on_fault(fault)
            return
        waiting = [one for one in self._known.values() if one.fate is Fate.WAITING]
        self._post.send(waiting, settings.attempts)
        if self._beating is None or self._beating.done():
            self._beating = asyncio.create_task(self._beat(newest))

    def fates(self) -> Mapping[str, int]:
        """How many messages there are of each fate; any thread may ask."""
        counted = Counter(one.fate for one in self._known.values())
        return {fate.value: counted[fate] for fate in Fate}

    def overdue(self) -> float:
        """Seconds for which the message that has been due longest waits; 0 where none is. Any thread may ask.

        One that was tried in vain is counted from when it was planned, because each attempt makes it due later.
        """
        waiting = [one for one in self._known.values() if one.fate is Fate.WAITING]
        since = min((one.created if one.attempts else one.due for one in waiting), default=None)
        return 0.0 if since is None else max(0.0, (self._clock() - since).total_seconds())

    async def stop(self) -> None:
        """Wait until what is being sent has left, or failed."""
        await self._post.stop()
        if self._beating is not None:
            await self._beating

    def _plan(self) -> datetime | None:
        """On the writing thread: what is new goes into the outbox in one transaction."""
        settings, view = self._settings(), self._view()
        now = view.seen.now
        for saying in orders.taken(self._orders_in):
            self._outbox.say(saying)
        sayings = self._outbox.sayings()
        self._write((), decided(self._known.values(), sayings, now))
        alerts = self._alerts(settings, view)
        self._live |= {alert.story for alert in alerts if alert.stage in OPEN and is_news(alert, now, settings)}
        moment = Moment(now=now, alerts=alerts, around=view.around, sayings=sayings, live=frozenset(self._live))
        new: list[Delivery] = []
        changed: list[Delivery] = []
        by_recipient = self._by_recipient()
        for recipient in settings.recipients:
            before = by_recipient[recipient.name]
            made = plan(recipient, moment, before, settings)
            new += [*made.new, *digests(recipient, moment, before)]
            changed += made.changed
        new += escalations(settings, moment, by_recipient)
        self._write(new, changed)
        orders.done(self._orders_in, sayings)
        return view.seen.newest

    def _alerts(self, settings: AlertSettings, view: View) -> tuple[Alert, ...]:
        """Everything that can be told of now: events, and what the monitor notices beside them."""
        seen = view.seen
        events = [alert_of(event, seen.now, settings.settle, view.knowledge) for event in seen.events]
        noticed = [
            *silence(seen, settings.silence),
            *dead_letters(self._known.values()),
            *terms(seen),
            *standing(self._received_in, seen.now),
            *contradictions(seen, settings.check),
            *(thin(seen, view.least) if view.least else ()),
        ]
        told = {story: each.alert for story, each in told_by(self._known.values()).items()}
        noticed += over(noticed, told, seen.now)
        return (*events, *(_named(alert, view.knowledge) for alert in noticed))

    def _by_recipient(self) -> defaultdict[str, list[Delivery]]:
        found: defaultdict[str, list[Delivery]] = defaultdict(list)
        for one in self._known.values():
            found[one.recipient].append(one)
        return found

    def _write(self, new: Iterable[Delivery], changed: Iterable[Delivery]) -> None:
        fresh = [one for one in new if one.key not in self._known]
        other = list(changed)
        if fresh or other:
            self._outbox.enqueue(fresh, other)
            self._known = self._known | {one.key: one for one in [*fresh, *other]}  # others are reading the old one

    async def _take(self, delivery: Delivery) -> Delivery | None:
        """Write down that an attempt begins; None where something newer has taken the delivery's place meanwhile."""

        def write() -> Delivery | None:
            now = self._known[delivery.key]
            if now.fate is not Fate.WAITING:
                return None
            taken = replace(now, attempts=now.attempts + 1)
            self._write((), [taken])
            return taken

        taken: Delivery | None = await self._do(write)
        return taken

    async def _keep(self, delivery: Delivery) -> None:
        def write() -> None:
            self._write((), [delivery])

        await self._do(write)

    def _letter(self, delivery: Delivery) -> tuple[Channel, Letter] | str:
        settings = self._settings()
        recipient = settings.recipient(delivery.recipient)
        address = recipient.address(delivery.address) if recipient is not None else None
        if recipient is None or address is None:
            return "this recipient or address is not configured any more"
        return all_channels()[address.channel], compose(
            delivery, recipient, address, page=settings.page, earlier=self._earlier(delivery)
        )

    def _earlier(self, delivery: Delivery) -> tuple[str, ...]:
        stories = {alert.story for alert in delivery.alerts}
        return tuple(
            one.receipt
            for one in self._known.values()
            if one.receipt
            and one.form is delivery.form
            and (one.recipient, one.address) == (delivery.recipient, delivery.address)
            and any(alert.story in stories for alert in one.alerts)
        )

    async def _beat(self, newest: datetime | None) -> None:
        """Ask the outside dead-man switch, as long as measurements come in; what it answers changes nothing."""
        settings, now = self._settings(), self._clock()
        if not settings.heartbeat or newest is None or now - newest > settings.silence:
            return
        if self._beaten is not None and now - self._beaten < settings.silence / 6:
            return
        self._beaten = now
        try:
            await self._outside().request("GET", settings.heartbeat)
        except UnreachableError:
            return


def _named(alert: Alert, knowledge: Knowledge) -> Alert:
    return replace(alert, hosts=knowledge.hosts.get(alert.target, ())) if alert.target else alert

"""The post: takes what is due out of the outbox, sends it, and writes down what became of it.

At least once: that a message is about to leave is on disk before it leaves, and that it left, after. Whoever dies in
between sends it again under the same key. One address is one queue: what is tried again holds back what was planned
after it, and what only waits for the morning does not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from monitor.alert.channels import Answer, Channel, Delivered, Later, Letter, Refused
from monitor.alert.outside import Outside, UnreachableError
from monitor.model import Delivery, Fate
from probes.model import Clock

Take: TypeAlias = Callable[[Delivery], Awaitable[Delivery | None]]
"""Writes down that an attempt begins; None where the delivery is not to be sent any more."""
Keep: TypeAlias = Callable[[Delivery], Awaitable[None]]
"""Writes what became of a delivery, durably."""
Write: TypeAlias = Callable[[Delivery], tuple[Channel, Letter] | str]
"""The letter of a delivery and the channel that it goes by, or why there is none any more."""

FIRST_WAIT = 30.0
LONGEST_WAIT = 3600.0
"""Seconds before a failed delivery is tried again: doubled each time up to an hour, so that twelve attempts reach over
five hours (ours)."""
SLOWEST = 60.0
"""Seconds after which a channel's attempt is given up for this time."""


class Post:
    """Sends what waits. State: the addresses whose queue is being sent now."""

    def __init__(
        self,
        *,
        take: Take,
        keep: Keep,
        write: Write,
        outside: Callable[[], Outside],
        clock: Clock,
        on_fault: Callable[[Exception], None],
    ) -> None:
        self._take, self._keep, self._write, self._outside, self._clock = take, keep, write, outside, clock
        self._on_fault = on_fault
        self._busy: dict[tuple[str, str], asyncio.Task[None]] = {}

    def send(self, waiting: Sequence[Delivery], attempts: int) -> None:
        """Begin to send what is due of those that wait, in their order; addresses do not wait for each other."""
        for queue in ready(waiting, self._clock()):
            place = queue[0].recipient, queue[0].address
            if place not in self._busy:
                self._busy[place] = asyncio.create_task(self._empty(queue, attempts))
                self._busy[place].add_done_callback(lambda task, place=place: self._done(place, task))  # type: ignore[misc]

    async def stop(self) -> None:
        """Wait until what is being sent has left, or failed."""
        while self._busy:
            await asyncio.wait(self._busy.values())
            await asyncio.sleep(0)  # lets the tasks' last word be heard

    def _done(self, place: tuple[str, str], task: asyncio.Task[None]) -> None:
        del self._busy[place]
        fault = None if task.cancelled() else task.exception()
        if isinstance(fault, Exception):
            self._on_fault(fault)

    async def _empty(self, queue: Iterable[Delivery], attempts: int) -> None:
        for planned in queue:
            delivery = await self._take(planned)
            if delivery is None:
                continue
            after = await self._send(delivery, attempts)
            await self._keep(after)
            if after.fate is Fate.WAITING:
                return

    async def _send(self, delivery: Delivery, attempts: int) -> Delivery:
        found = self._write(delivery)
        if isinstance(found, str):
            return replace(delivery, fate=Fate.DEAD, note=found, changed=self._clock())
        channel, letter = found
        try:
            async with asyncio.timeout(SLOWEST):
                answer: Answer = await channel.send(letter, self._outside())
        except UnreachableError as fault:
            answer = Refused(why=str(fault)) if fault.forbidden else Later(why=str(fault))
        except TimeoutError:
            answer = Later(why="no answer in time")
        except Exception as mistake:  # noqa: BLE001 - one channel's mistake must not keep the others from being told
            answer = Later(why=f"a mistake in this program ({type(mistake).__name__})")
        return settled(delivery, answer, self._clock(), attempts)


def ready(waiting: Iterable[Delivery], now: datetime) -> tuple[tuple[Delivery, ...], ...]:
    """What is due, one queue per address, each in the order in which it was planned."""
    queues: dict[tuple[str, str], list[Delivery]] = {}
    stopped: set[tuple[str, str]] = set()
    for delivery in waiting:
        place = delivery.recipient, delivery.address
        if delivery.fate is not Fate.WAITING or place in stopped:
            continue
        if delivery.due <= now:
            queues.setdefault(place, []).append(delivery)
        elif delivery.attempts:
            stopped.add(place)
    return tuple(map(tuple, queues.values()))


def settled(delivery: Delivery, answer: Answer, now: datetime, attempts: int) -> Delivery:
    """A delivery after an attempt: sent, to be tried again later, or dead."""
    match answer:
        case Delivered():
            return replace(delivery, fate=Fate.SENT, receipt=answer.receipt, changed=now, note="")
        case Refused():
            return replace(delivery, fate=Fate.DEAD, note=answer.why, changed=now)
        case Later():
            if delivery.attempts >= attempts:
                why = f"tried {delivery.attempts} times: {answer.why}"
                return replace(delivery, fate=Fate.DEAD, note=why, changed=now)
            rest = timedelta(seconds=max(answer.after or 0.0, backoff(delivery.attempts)))
            return replace(delivery, due=now + rest, note=answer.why, changed=now)


def backoff(attempts: int) -> float:
    """Seconds to wait after so many failed attempts.

    >>> [backoff(count) for count in (1, 2, 3, 12)]
    [30.0, 60.0, 120.0, 3600.0]
    """
    return float(min(FIRST_WAIT * 2.0 ** (attempts - 1), LONGEST_WAIT))

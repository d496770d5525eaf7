"""After a visit that failed, the same visit again after one, two and four minutes: was it a moment, or is it so?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from monitor.schedule import Order
from probes.model import HTTPRoundTrip, Measurement

AFTER = (60.0, 120.0, 240.0)
"""Seconds after the failure."""
AT_ONCE = 8
"""Targets that are visited again at the same time; of the others the next round of the schedule tells."""


def failed(measurement: Measurement) -> bool:
    """Whether a visit did not come to its page: as a fact, without a word on whose fault it was.

    Redirects count as they are; what a page says is for the collector to compare.
    """
    trips = [step for step in measurement.steps if isinstance(step, HTTPRoundTrip)]
    return measurement.failure is not None or not trips or trips[-1].failure is not None


class Repeats:
    """Plans the visits. State: the tasks that wait, by target."""

    def __init__(self, visit: Callable[[Order], Awaitable[None]], after: tuple[float, ...] = AFTER) -> None:
        self._visit, self._after = visit, after
        self._waiting: dict[str, asyncio.Task[None]] = {}

    def after(self, order: Order) -> None:
        """Visit an order's target again, unless that is under way; its own failures do not begin it anew."""
        if order.id in self._waiting or len(self._waiting) >= AT_ONCE:
            return
        task = asyncio.create_task(self._again(order))
        self._waiting[order.id] = task
        task.add_done_callback(lambda _: self._waiting.pop(order.id, None))

    async def stop(self) -> None:
        """Give up what waits."""
        waiting = list(self._waiting.values())
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _again(self, order: Order) -> None:
        passed = 0.0
        for moment in self._after:
            await asyncio.sleep(moment - passed)
            passed = moment
            await self._visit(order)

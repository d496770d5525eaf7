"""Carries bursts out: waits for each round, rests between names, and stops at once when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random, SystemRandom

from monitor.burst.allowance import Allowance
from monitor.burst.plan import Page, Trial, plan
from monitor.config import BurstSettings
from monitor.model import Bearing
from probes.model import Target

PROVED = 3
"""Decisive experiments after which a burst has done what it was made for: with these a network's only vantage point is
believed at once (monitor.detect)."""

Measure = Callable[[Page, Trial], Awaitable[Bearing]]
AskControls = Callable[[Target, str], Awaitable[None]]
Sleep = Callable[[float], Awaitable[None]]
OnMistake = Callable[[Exception], None]
Work = Callable[[], Awaitable[None]]
"""Called when its task runs: one that is cancelled before leaves nothing behind that was never awaited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the configuration of the moment has for bursts."""

    settings: BurstSettings
    possible: Collection[str]
    """Kinds of probe that have what they need."""
    innocuous: Sequence[Target]


class Bursts:
    """The bursts that run. What is under way goes on after a reload; `stop` cancels it.

    An exception ends the burst in which it was raised and no other: `on_mistake` is told of it.
    """

    def __init__(
        self,
        *,
        means: Callable[[], Means],
        measure: Measure,
        ask_controls: AskControls,
        time: Callable[[], float],
        on_mistake: OnMistake = lambda _: None,
        sleep: Sleep = asyncio.sleep,
        dice: Random | None = None,
    ) -> None:
        self.allowance = Allowance()
        self._means, self._measure, self._ask = means, measure, ask_controls
        self._time, self._sleep, self._dice = time, sleep, dice or SystemRandom()
        self._on_mistake = on_mistake
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def fire(self, page: Page) -> bool:
        """Begin a burst for a page that failed, and ask the controls about it at once; False where neither was done.

        It returns at once. Controls are asked even where there is no place for a burst: whether the site is down for
        everybody is wanted in any case.
        """
        means = self._means()
        if self._stopping or not means.settings.enabled:
            return False
        asked = self.allowance.ask_controls(page.url, means.settings, self._time())
        if asked:
            self._spawn(partial(self._ask, page.target, page.url))
        begun = self.allowance.begin(page, means.settings, self._time())
        if begun:
            self._spawn(partial(self._carry_out, page, means))
        return asked or begun

    async def stop(self) -> None:
        """Cancel what runs, and return when it has ended."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry_out(self, page: Page, means: Means) -> None:
        began, decisive = self._time(), 0
        rounds = plan(page, means.settings, possible=means.possible, innocuous=means.innocuous, dice=self._dice)
        try:
            for each in rounds:
                await self._sleep(max(0.0, began + each.after.total_seconds() - self._time()))
                decisive += await self._round(page, each.trials, means.settings)
        finally:
            self.allowance.end(page, means.settings, self._time(), proved=decisive >= PROVED)

    async def _round(self, page: Page, trials: Sequence[Trial], settings: BurstSettings) -> int:
        """One trial after the other, with a rest before an innocuous one that follows a trigger."""
        decisive, shown = 0, False
        for trial in trials:
            if shown and not trial.trigger:
                await self._sleep(settings.hold_off.total_seconds())
            shown = trial.trigger
            decisive += await self._measure(page, trial) is Bearing.DECISIVE
        return decisive

    def _spawn(self, work: Work) -> None:
        task = asyncio.ensure_future(self._told_of(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _told_of(self, work: Work) -> None:
        try:
            await work()
        except Exception as mistake:  # noqa: BLE001 - failures of networks are values, so this one is of our making
            self._on_mistake(mistake)

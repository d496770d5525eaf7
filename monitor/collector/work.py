"""What a collector does beside taking batches: reviews, health, the log, sealing, and a look at canaries and clocks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.collector.canaries import scores
from monitor.collector.plans import plan_of, point_of
from monitor.config import Settings
from monitor.fleet import Database, Member, Status, Trust, flags, members, trust
from monitor.pipeline import PipelineSettings, review, survey
from monitor.pipeline.logged import Tending
from monitor.store import Store
from monitor.verdict.fingerprints import Fingerprints
from monitor.verdict.health import LOOKS

EVERY = timedelta(minutes=1)
"""Between two rounds."""
REST = 9
"""After a review the next one waits for so many times its duration: reviews take a tenth of one core at most."""
WINDOW = timedelta(days=2)
"""How far back canaries are looked at."""


class Rounds:
    """What is due from time to time. State: when a review is due again, whom to trust as of the last round, and when
    canaries were looked at.

    `reviews` is False where another process reviews the same store.
    """

    def __init__(
        self,
        store: Store,
        fleet: Database,
        *,
        settings: Callable[[], Settings],
        fingerprints: Callable[[], Fingerprints],
        tending: Tending | None = None,
        reviews: bool = True,
    ) -> None:
        self._store, self._fleet, self._settings, self._fingerprints = store, fleet, settings, fingerprints
        self._tending, self._reviews = tending, reviews
        self._rested, self._trust = 0.0, Trust()
        self._seen: datetime | None = None

    def turn(self, now: datetime) -> None:
        """One round; StoreError and FleetError where something could not be kept."""
        lookback = PipelineSettings().lookback
        self._trust = trust(self._fleet, since=None if lookback is None else now - lookback)
        if self._reviews:
            self._review(now)
        if self._tending is not None:
            self._tending.turn(self._settings().keeping, now)
        if self._reviews and (self._seen is None or now - self._seen >= timedelta(minutes=10)):
            self._seen = now
            self._look_at_canaries(now)

    def pipeline(self) -> PipelineSettings:
        """How far the walk looks around, for the slowest target of the schedule."""
        settings = self._settings()
        schedule, every = settings.schedule, settings.experiments.every
        slowest = max([schedule.interval, *schedule.targets.values(), *schedule.vantage_points.values()])
        made = PipelineSettings.for_interval(slowest, settings.detection, bursts=settings.experiments.only_repeats)
        held = max((2 * every[kind] for kind in LOOKS if kind in every), default=made.held)
        return replace(made, held=held, fingerprints=self._fingerprints(), trust=self._trust)

    def _review(self, now: datetime) -> None:
        settings, live = self._settings(), self._live()
        points = [point_of(member, simulated=settings.simulated) for member in live]
        pipeline = replace(self.pipeline(), due=owed(settings, live))
        if time.monotonic() < self._rested:
            survey(self._store, now=now, settings=pipeline, points=points)
            return
        began = time.monotonic()
        review(self._store, now=now, settings=pipeline, points=points)
        self._rested = time.monotonic() + REST * (time.monotonic() - began)

    def _live(self) -> list[Member]:
        return [member for member in members.every(self._fleet) if member.status is Status.APPROVED]

    def _look_at_canaries(self, now: datetime) -> None:
        canaries = self._settings().collector.canaries
        outcomes = (
            outcome for target in canaries for outcome in self._store.outcomes(since=now - WINDOW, target=target)
        )
        found = scores(outcomes, canaries)
        for member in self._live():
            score = found.get(member.vantage)
            if score is not None and score.lies:
                said = f"{score.contrary} of {score.said} results contrary to what is known of the canaries"
                self._wave(member, said, now)

    def _wave(self, member: Member, said: str, now: datetime) -> None:
        self._fleet.write(lambda connection: flags.wave(connection, member, "canary", said, now=now))


def owed(settings: Settings, live: list[Member]) -> dict[str, float]:
    """Reports per second that each vantage point owes once it has begun to deliver, by its id."""
    rates = {}
    for member in live:
        if member.sequence:
            plan = plan_of(settings, point_of(member, simulated=settings.simulated))
            rates[member.vantage] = sum(1 / plan.interval_of(target.id) for target in plan.targets)
    return rates

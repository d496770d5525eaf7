"""Two halves that make one store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Self

from monitor.model import (
    BlockingEvent,
    Cell,
    Day,
    Delivery,
    Fate,
    Finding,
    Latest,
    Outcome,
    Saying,
    VantageStatus,
)
from monitor.store.protocols import MeasurementStore, StateStore
from probes.model import Measurement, Role


class JoinedStore:
    """The Store protocol over a store of measurements and a store of state."""

    def __init__(self, measurements: MeasurementStore, state: StateStore) -> None:
        self._measurements, self._state = measurements, state

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, measurement: Measurement, outcome: Outcome, *, original: bytes | None = None) -> bool:
        """Keep a measurement, its verdict and its original; False where it is known. Durable on return."""
        return self._measurements.append(measurement, outcome, original=original)

    def append_all(self, entries: Iterable[tuple[Measurement, Outcome, bytes | None]]) -> tuple[bool, ...]:
        """`append` for many; entries that contradict themselves are refused before any."""
        return self._measurements.append_all(entries)

    def revise(self, outcome: Outcome) -> None:
        """Write a stored measurement's new verdict; StoreError where it is not stored."""
        self._measurements.revise(outcome)

    def append_experiment(self, measurement: Measurement, finding: Finding) -> bool:
        """Keep an experiment and what it showed; False where it is known. Durable on return."""
        return self._measurements.append_experiment(measurement, finding)

    def revise_finding(self, finding: Finding) -> None:
        """Write what a stored experiment shows by newer rules; StoreError where it is not stored."""
        self._measurements.revise_finding(finding)

    def findings(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        target: str | None = None,
        vantage: str | None = None,
        kind: str | None = None,
    ) -> tuple[Finding, ...]:
        """What experiments showed, by time; `since` <= time < `until`."""
        return self._measurements.findings(since=since, until=until, target=target, vantage=vantage, kind=kind)

    def append_cells(self, given: Sequence[Cell]) -> int:
        """Keep imported cells; how many were new."""
        return self._measurements.append_cells(given)

    def save_events(self, given: Sequence[BlockingEvent]) -> None:
        """Append each event as a new revision."""
        self._state.save_events(given)

    def save_health(self, statuses: Sequence[VantageStatus]) -> None:
        """Replace what is believed of these vantage points."""
        self._state.save_health(statuses)

    def claim(self, simulated: bool) -> None:
        """Say that what comes is simulated, or real; StoreError where the store holds the other."""
        self._state.claim(simulated)

    def measurement(self, measurement: str) -> Measurement | None:
        """The measurement with this id."""
        return self._measurements.measurement(measurement)

    def document(self, measurement: str) -> dict[str, Any] | None:
        """The document of the measurement with this id."""
        return self._measurements.document(measurement)

    def original(self, sha256: str) -> bytes | None:
        """The raw document with this hash (hex)."""
        return self._measurements.original(sha256)

    def outcomes(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        target: str | None = None,
        url: str | None = None,
        vantage: str | None = None,
        role: Role | None = None,
        innocuous: bool | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> tuple[Outcome, ...]:
        """The outcomes that fit, by time; `since` <= time < `until`."""
        return self._measurements.outcomes(
            since=since,
            until=until,
            target=target,
            url=url,
            vantage=vantage,
            role=role,
            innocuous=innocuous,
            newest_first=newest_first,
            limit=limit,
        )

    def cells(
        self, *, since: datetime | None = None, until: datetime | None = None, target: str | None = None
    ) -> tuple[Cell, ...]:
        """The imported cells with `since` <= start < `until`, by start."""
        return self._measurements.cells(since=since, until=until, target=target)

    def days(
        self, *, since: date | None = None, until: date | None = None, target: str | None = None
    ) -> tuple[Day, ...]:
        """Counts per target, network and day where it is watched; `since` <= day < `until`."""
        return self._measurements.days(since=since, until=until, target=target)

    def latest(self) -> tuple[Latest, ...]:
        """The newest outcome of each URL of each target at each vantage point; the newest of all comes last."""
        return self._measurements.latest()

    def events(self, *, target: str | None = None, country: str | None = None) -> tuple[BlockingEvent, ...]:
        """The newest revision of each event, the latest onset first."""
        return self._state.events(target=target, country=country)

    def revisions(self, event: str) -> tuple[BlockingEvent, ...]:
        """Every revision of one event, oldest first."""
        return self._state.revisions(event)

    def health(self) -> tuple[VantageStatus, ...]:
        """What is believed of each vantage point."""
        return self._state.health()

    def enqueue(self, given: Sequence[Delivery], changed: Sequence[Delivery] = ()) -> int:
        """Append deliveries whose key is new and write what became of `changed`; how many were new."""
        return self._state.enqueue(given, changed)

    def deliveries(self, *, recipient: str | None = None, fate: Fate | None = None) -> tuple[Delivery, ...]:
        """The deliveries that fit, in the order in which they were planned."""
        return self._state.deliveries(recipient=recipient, fate=fate)

    def say(self, saying: Saying) -> None:
        """Append what a person said of alerts."""
        self._state.say(saying)

    def sayings(self) -> tuple[Saying, ...]:
        """All that people said of alerts, oldest first."""
        return self._state.sayings()

    @property
    def simulated(self) -> bool:
        """Whether this store holds simulated measurements; an empty one holds none."""
        return self._state.simulated

    def counts(self) -> Mapping[str, int]:
        """How much is stored, in both halves."""
        measured, said = self._measurements.counts(), self._state.counts()
        names = ("measurements", "experiments", "cells", "events", "event_revisions", "documents", "pack_bytes")
        own = {"events", "event_revisions"}
        return {name: (said if name in own else measured)[name] for name in names}

    def close(self) -> None:
        """Let go of both halves; closing twice is once."""
        try:
            self._measurements.close()
        finally:
            self._state.close()

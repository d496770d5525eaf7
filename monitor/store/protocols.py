"""What the two halves of a store can do: measurements, which are many and only grow, and state, which is small.

Nothing that was acknowledged is lost, whatever the halves are made of; every fault is a StoreError.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol, Self

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
from probes.model import Measurement, Role


class MeasurementStore(Protocol):
    """Keeps measurements, their verdicts and documents, and imported cells. Many threads may call it."""

    def append(self, measurement: Measurement, outcome: Outcome, *, original: bytes | None = None) -> bool:
        """Keep a measurement, its verdict, and the document it was imported from; on disk when this returns.

        False where the measurement is known: then nothing is changed, not even the verdict (`revise` does that).
        """
        ...

    def append_all(self, entries: Iterable[tuple[Measurement, Outcome, bytes | None]]) -> tuple[bool, ...]:
        """`append` for many, with few syncs. Where one fails, its error is raised when all have been tried."""
        ...

    def revise(self, outcome: Outcome) -> None:
        """Write a stored measurement's new verdict; latest and rollups follow. Its facts must be the stored ones."""
        ...

    def append_experiment(self, measurement: Measurement, finding: Finding, /) -> bool:
        """Keep an experiment and what it showed; on disk when this returns. False where it is known.

        It is found by `measurement` and `document` like any other, and never among the outcomes.
        """
        ...

    def revise_finding(self, finding: Finding, /) -> None:
        """Write what a stored experiment shows by newer rules."""
        ...

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
        ...

    def append_cells(self, given: Sequence[Cell], /) -> int:
        """Keep cells of an imported series; how many were new. The same cell twice is one."""
        ...

    def measurement(self, measurement: str, /) -> Measurement | None:
        """The measurement with this id."""
        ...

    def document(self, measurement: str, /) -> dict[str, Any] | None:
        """The measurement with this id, as the JSON document whose hash the id is."""
        ...

    def original(self, sha256: str, /) -> bytes | None:
        """The raw document with this SHA-256 (hex)."""
        ...

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
        ...

    def cells(
        self, *, since: datetime | None = None, until: datetime | None = None, target: str | None = None
    ) -> tuple[Cell, ...]:
        """The imported cells with `since` <= start < `until`, by start; our own measurements are not in them."""
        ...

    def days(
        self, *, since: date | None = None, until: date | None = None, target: str | None = None
    ) -> tuple[Day, ...]:
        """Counts of measurements per target, network and UTC day, `since` <= day < `until`.

        Only vantage points and only targets that are watched: controls and innocuous targets are left out.
        """
        ...

    def latest(self) -> tuple[Latest, ...]:
        """The newest outcome of each URL of each target at each vantage point; the newest of all comes last."""
        ...

    def counts(self) -> Mapping[str, int]:
        """How much is stored: measurements, experiments, cells, documents, pack_bytes (0 where there are no packs)."""
        ...

    def close(self) -> None:
        """Finish what is being written and let go of the engine."""
        ...


class StateStore(Protocol):
    """Keeps what is concluded: events and their revisions, health, alerts, and whether all of it is simulated."""

    def claim(self, simulated: bool, /) -> None:
        """Say that what comes is simulated, or real; StoreError where the store holds the other. The first decides."""
        ...

    def save_events(self, given: Sequence[BlockingEvent], /) -> None:
        """Append events, each as the revision that it says it is. A revision is never changed: that is a StoreError."""
        ...

    def save_health(self, statuses: Sequence[VantageStatus], /) -> None:
        """Replace what is believed of these vantage points."""
        ...

    def events(self, *, target: str | None = None, country: str | None = None) -> tuple[BlockingEvent, ...]:
        """The newest revision of each event, the latest onset first."""
        ...

    def revisions(self, event: str, /) -> tuple[BlockingEvent, ...]:
        """Every revision of the event with this id, oldest first."""
        ...

    def health(self) -> tuple[VantageStatus, ...]:
        """What is believed of each vantage point."""
        ...

    def enqueue(self, given: Sequence[Delivery], /, changed: Sequence[Delivery] = ()) -> int:
        """Append deliveries whose key is new and write what became of `changed`, all at once; how many were new."""
        ...

    def deliveries(self, *, recipient: str | None = None, fate: Fate | None = None) -> tuple[Delivery, ...]:
        """The deliveries that fit, in the order in which they were planned."""
        ...

    def say(self, saying: Saying, /) -> None:
        """Append what a person said of alerts; said twice under one id it is once."""
        ...

    def sayings(self) -> tuple[Saying, ...]:
        """All that people said of alerts, oldest first."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether what is stored is simulated; a store is one or the other, and an empty one is not."""
        ...

    def counts(self) -> Mapping[str, int]:
        """How much is stored: events, event_revisions."""
        ...

    def close(self) -> None:
        """Finish what is being written and let go of the engine."""
        ...


class Store(MeasurementStore, StateStore, Protocol):
    """Both halves as one: what every other room works with."""

    def counts(self) -> Mapping[str, int]:
        """How much is stored: measurements, experiments, cells, events, event_revisions, documents, pack_bytes."""
        ...

    def close(self) -> None:
        """Finish what is being written and let go of the files."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

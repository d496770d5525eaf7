"""What the servers' halves for measurements share: the questions, asked in their dialect, and read as records."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, ClassVar

from monitor.model import Cell, Day, Finding, Outcome
from monitor.store import questions
from monitor.store.admission import Given
from monitor.store.dialect import Dialect
from monitor.store.flat import CELL, FINDING, OUTCOME, SAME
from monitor.store.observations import Selection
from monitor.store.questions import Question
from probes.document import measurement_from
from probes.model import Measurement, Role


class Answers(ABC):
    """The part of the MeasurementStore protocol that an engine has when it says how rows are fetched."""

    dialect: ClassVar[Dialect]

    @abstractmethod
    def rows(self, question: Question, /) -> list[tuple[Any, ...]]:
        """What the engine answers."""

    @abstractmethod
    def append_all(self, entries: Iterable[Given], /) -> tuple[bool, ...]:
        """Keep many measurements; for each whether it was new."""

    @abstractmethod
    def document(self, measurement: str, /) -> dict[str, Any] | None:
        """The measurement with this id, as JSON types."""

    def append(self, measurement: Measurement, outcome: Outcome, *, original: bytes | None = None) -> bool:
        """Keep a measurement, its verdict and its original; False where it is known. Durable on return."""
        (new,) = self.append_all([(measurement, outcome, original)])
        return new

    def measurement(self, measurement: str) -> Measurement | None:
        """The measurement with this id, from its document."""
        found = self.document(measurement)
        return None if found is None else measurement_from(found)

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
        selection = Selection(
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
        return tuple(OUTCOME.record(row, SAME) for row in self.rows(questions.outcomes(self.dialect, selection)))

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
        question = questions.findings(self.dialect, since=since, until=until, target=target, vantage=vantage, kind=kind)
        return tuple(FINDING.record(row, SAME) for row in self.rows(question))

    def cells(
        self, *, since: datetime | None = None, until: datetime | None = None, target: str | None = None
    ) -> tuple[Cell, ...]:
        """The imported cells with `since` <= start < `until`, by start."""
        question = questions.cells(self.dialect, since=since, until=until, target=target)
        return tuple(CELL.record(row, SAME) for row in self.rows(question))

    def days(
        self, *, since: date | None = None, until: date | None = None, target: str | None = None
    ) -> tuple[Day, ...]:
        """Counts per target, network and day where it is watched; `since` <= day < `until`."""
        question = questions.days(self.dialect, since=since, until=until, target=target)
        return tuple(map(questions.day_of, self.rows(question)))

"""A slice as something that the walk can read from, in place of a store."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from monitor.evidence.slice import Slice
from monitor.model import Cell, Finding, Outcome
from probes.document import measurement_from
from probes.model import Measurement, Role

Row = TypeVar("Row", Outcome, Finding)


class Shelf:
    """The reading half of a store, over the facts of a package; nothing can be written to it."""

    def __init__(self, facts: Slice) -> None:
        self._facts = facts
        self._outcomes = sorted(facts.outcomes, key=lambda row: row.time)
        self._findings = sorted(facts.findings, key=lambda row: row.time)
        self._times = [row.time for row in self._outcomes]
        self._moments = [row.time for row in self._findings]

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
        """The outcomes that fit, as `MeasurementStore.outcomes` gives them."""
        rows = _between(self._outcomes, self._times, since, until)
        found = [
            row
            for row in (reversed(rows) if newest_first else rows)
            if target in (None, row.target)
            and url in (None, row.url)
            and vantage in (None, row.vantage)
            and role in (None, row.role)
            and innocuous in (None, row.innocuous)
        ]
        return tuple(found[:limit])

    def findings(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        target: str | None = None,
        vantage: str | None = None,
        kind: str | None = None,
    ) -> tuple[Finding, ...]:
        """The findings that fit, as `MeasurementStore.findings` gives them."""
        rows = _between(self._findings, self._moments, since, until)
        return tuple(
            row
            for row in rows
            if target in (None, row.target) and vantage in (None, row.vantage) and kind in (None, row.kind)
        )

    def cells(
        self, *, since: datetime | None = None, until: datetime | None = None, target: str | None = None
    ) -> tuple[Cell, ...]:
        """The imported cells that fit."""
        return tuple(
            cell
            for cell in self._facts.cells
            if (since is None or since <= cell.start)
            and (until is None or cell.start < until)
            and target in (None, cell.target)
        )

    def measurement(self, measurement: str) -> Measurement | None:
        """The measurement with this id, where its document is in the package."""
        content = self._facts.documents.get(measurement)
        return None if content is None else measurement_from(json.loads(content))


def _between(
    rows: Sequence[Row], times: Sequence[datetime], since: datetime | None, until: datetime | None
) -> Sequence[Row]:
    first = 0 if since is None else bisect_left(times, since)
    last = len(rows) if until is None else bisect_left(times, until)
    return rows[first:last]

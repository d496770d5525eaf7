"""What an export is made of: records from the store, in pieces, as far as they are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from monitor.cells import fold
from monitor.check import folded
from monitor.cli.check import Stored, compare
from monitor.config import Settings
from monitor.export.public import small
from monitor.history import CROWD
from monitor.model import BlockingEvent, Cell, Day, Outcome
from monitor.observe import observe
from monitor.pipeline import PipelineSettings
from monitor.pipeline.surroundings import controls_of
from monitor.pipeline.windows import first_of, last_of, windows
from monitor.store import Store
from probes.document import rfc3339
from probes.model import Role

HOUR = timedelta(hours=1)
PIECE = 1000
"""Documents that are in memory at a time."""
Piece = tuple[datetime, Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records are wanted; None means any. `since` <= time < `until`."""

    since: datetime | None = None
    until: datetime | None = None
    target: str | None = None
    network: str | None = None
    country: str | None = None

    def holds(self, record: Outcome | Cell | Day) -> bool:
        """Whether a record is of the wanted target, network and country."""
        return (
            self.target in (None, record.target)
            and self.network in (None, record.network)
            and self.country in (None, record.country)
        )


class Around:
    """The controls of a stretch of time, by page: the part of a store that looking for controls reads."""

    def __init__(self, store: Store, controls: Sequence[Outcome]) -> None:
        self.measurement = lru_cache(maxsize=2 * PIECE)(store.measurement)
        self._pages: dict[str, list[Outcome]] = {}
        for row in controls:
            self._pages.setdefault(row.url, []).append(row)

    def outcomes(self, *, since: datetime, until: datetime, url: str, **_: object) -> tuple[Outcome, ...]:
        """The controls' results on a page, `since` <= time < `until`."""
        return tuple(row for row in self._pages.get(url, ()) if since <= row.time < until)


class Source:
    """The records of every table. State: how many documents were asked for and are no longer kept."""

    def __init__(self, store: Store, settings: Settings, wanted: Wanted) -> None:
        self._store, self._settings, self._wanted = store, settings, wanted
        self._walk = PipelineSettings.for_interval(settings.schedule.interval, settings.detection)
        self.missing = 0
        first, last = first_of(store), last_of(store)
        now = datetime.now(UTC)
        self.since = wanted.since or first or now
        self.until = wanted.until or (now if last is None else last + timedelta(microseconds=1))

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked for, in plain words; a time that nobody named may grow from call to call."""
        wanted = self._wanted
        times = {"since": wanted.since, "until": wanted.until}
        told = {name: moment and rfc3339(moment) for name, moment in times.items()}
        return {**told, "target": wanted.target, "network": wanted.network, "country": wanted.country}

    @property
    def simulated(self) -> bool:
        """Whether the store is simulated."""
        return self._store.simulated

    @property
    def crowd(self) -> bool:
        """Whether something in it was measured by strangers, under a licence of its own."""
        return any(row.outcome.vantage_kind == CROWD for row in self._store.latest())

    def small(self) -> frozenset[str]:
        """The networks with too few vantage points of ours to be named; strangers' are many under one name."""
        rows = [row.outcome for row in self._store.latest()]
        inside = [row for row in rows if row.role is Role.VANTAGE and row.vantage_kind != CROWD]
        return small((row.vantage, row.network) for row in inside)

    def within(self, day: date) -> Source:
        """The same, for one UTC day."""
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        since, until = max(start, self.since), min(start + timedelta(days=1), self.until)
        return Source(self._store, self._settings, replace(self._wanted, since=since, until=until))

    def records(self, name: str) -> Iterator[Piece]:
        """The records of a table by time, in pieces, each with the moment up to which it goes."""
        match name:
            case "verdicts":
                yield from self._visits()
            case "measurements":
                yield from self._measurements()
            case "observations":
                yield from self._observations()
            case "cells":
                yield from self._cells()
            case "events":
                yield self.until, self._events()
            case "claims":
                yield self.until, self._claims()
            case _:
                yield self.until, self._days()

    def _visits(self) -> Iterator[tuple[datetime, list[Outcome]]]:
        for end, rows in windows(self._store, since=self.since, until=self.until, target=self._wanted.target):
            yield end, [row for row in rows if self._wanted.holds(row)]

    def _measurements(self) -> Iterator[Piece]:
        """Visits and experiments by time."""
        before = self.since
        for end, rows in self._visits():
            found = self._store.findings(since=before, until=end, target=self._wanted.target)
            wanted = [row for row in found if self._wanted.network in (None, row.network)]
            experiments = [row for row in wanted if self._wanted.country in (None, row.country)]
            visits = [(row.time, row.measurement) for row in rows]
            order = sorted([*visits, *((one.time, one.measurement) for one in experiments)])
            for start in range(0, len(order), PIECE):
                yield end, list(self._documents([name for _, name in order[start : start + PIECE]]))
            before = end

    def _documents(self, names: Sequence[str]) -> Iterator[Any]:
        for name in names:
            if (found := self._store.measurement(name)) is None:
                self.missing += 1
            else:
                yield found

    def _observations(self) -> Iterator[Piece]:
        for end, rows in self._visits():
            for start in range(0, len(rows), PIECE):
                yield end, list(self._observed(rows[start : start + PIECE]))

    def _observed(self, rows: Sequence[Outcome]) -> Iterator[Any]:
        """Each visit with its observations, beside the controls that are read once for all of them."""
        beside = self._walk.beside
        since, until = rows[0].time - beside, rows[-1].time + beside + timedelta(microseconds=1)
        around = Around(self._store, self._store.outcomes(since=since, until=until, role=Role.CONTROL))
        for row in rows:
            if (found := around.measurement(row.measurement)) is None:
                self.missing += 1
            else:
                yield row, observe(found, controls_of(found, cast("Store", around), self._walk))

    def _cells(self) -> Iterator[Piece]:
        """Hours of our own visits, then imported series; an hour is never parted, because pieces are joined here."""
        waiting: list[Outcome] = []
        for end, rows in self._visits():
            edge = end.replace(minute=0, second=0, microsecond=0) if end < self.until else end
            waiting += rows
            ready = [row for row in waiting if row.time < edge]
            waiting = [row for row in waiting if row.time >= edge]
            yield end, sorted(fold(ready, width=HOUR), key=_place)
        imported = self._store.cells(since=self._wanted.since, until=self._wanted.until, target=self._wanted.target)
        yield self.until, [cell for cell in imported if self._wanted.holds(cell)]

    def _events(self) -> list[BlockingEvent]:
        known = self._store.events(target=self._wanted.target, country=self._wanted.country)
        return [event for event in sorted(known, key=lambda one: (one.onset[1], one.id)) if self._lasted(event)]

    def _lasted(self, event: BlockingEvent) -> bool:
        """Whether an event went on at some time that is wanted, on a network that is."""
        wanted = self._wanted
        began = wanted.until is None or event.onset[1] < wanted.until
        ended = event.end is not None and wanted.since is not None and event.end[1] < wanted.since
        return began and not ended and (wanted.network is None or wanted.network in event.networks)

    def _claims(self) -> list[Any]:
        days = self._store.days() + folded(self._store.cells())
        stored = Stored(events=self._store.events(), days=days, simulated=self._store.simulated)
        report = compare(self._settings, stored, now=datetime.now(UTC))
        wanted = self._wanted
        return [
            each
            for each in report.checks
            if wanted.target in (None, each.claim.target)
            and wanted.country in (None, each.claim.country)
            and (wanted.network is None or wanted.network in each.claim.networks)
            and (wanted.since is None or each.claim.interval[1] > wanted.since)
            and (wanted.until is None or each.claim.interval[0] < wanted.until)
        ]

    def _days(self) -> list[Day]:
        since = self._wanted.since and self._wanted.since.date()
        until = self._wanted.until and (self._wanted.until - timedelta(microseconds=1)).date() + timedelta(days=1)
        found = self._store.days(since=since, until=until, target=self._wanted.target)
        imported = folded(
            self._store.cells(since=self._wanted.since, until=self._wanted.until, target=self._wanted.target)
        )
        rows = [day for day in (*found, *imported) if self._wanted.holds(day)]
        return sorted(rows, key=lambda row: (row.day, row.target, row.country, row.network))


def _place(cell: Cell) -> tuple[Any, ...]:
    return cell.start, cell.target, cell.vantage, cell.network, cell.role.value

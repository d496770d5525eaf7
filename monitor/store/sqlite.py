"""The embedded store: what the tables' files write and read, in transactions, behind one object."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from datetime import date, datetime
from functools import partial
from typing import Any, Self, TypeVar

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
from monitor.store import arrivals, cells, documents, events, findings, health, observations, outbox, rollups
from monitor.store.admission import grouped
from monitor.store.archive import Archive
from monitor.store.entries import check_verdict, entry, write
from monitor.store.errors import StoreError, translated
from monitor.store.folder import Folder
from monitor.store.observations import Selection
from monitor.store.packs import Spot, fetch, pack_path
from monitor.store.readers import Readers
from monitor.store.symbols import Texts
from monitor.store.transaction import Transaction, claim, simulated
from monitor.store.upkeep import PATIENCE, Upkeep
from monitor.store.writer import Writer
from probes.document import measurement_from
from probes.model import Measurement, Role

T = TypeVar("T")

_COUNTS = (
    "SELECT (SELECT coalesce(max(seq), 0) FROM observation) "
    "- coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'pruned'), 0) AS measurements, "
    "(SELECT count(*) FROM cell) AS cells, "
    "(SELECT coalesce(max(seq), 0) FROM finding) AS experiments, "
    "(SELECT count(*) FROM event) AS events, (SELECT count(*) FROM event_revision) AS event_revisions, "
    "(SELECT count(*) FROM document) AS documents, (SELECT coalesce(sum(bytes), 0) FROM pack) AS pack_bytes"
)


class SQLiteStore:
    """The Store protocol over one data folder; every method may be called from any thread."""

    def __init__(self, folder: Folder, archive: Archive, writer: Writer | None, held: ExitStack) -> None:
        self._folder, self._archive, self._writer, self._held = folder, archive, writer, held
        self._readers, self._texts = Readers(folder), Texts()
        self.upkeep = Upkeep(folder, archive, self._readers, writer)
        """What seals, compacts, prunes, checks and copies this store."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, measurement: Measurement, outcome: Outcome, *, original: bytes | None = None) -> bool:
        """Keep a measurement, its verdict and its original; False where it is known. Durable on return."""
        (new,) = self.append_all([(measurement, outcome, original)])
        return new

    def append_all(self, entries: Iterable[tuple[Measurement, Outcome, bytes | None]]) -> tuple[bool, ...]:
        """`append` for many, in as few commits as can be; entries that contradict themselves are refused before any."""
        works = [(partial(write, entries=group), len(group)) for group in grouped([entry(*each) for each in entries])]
        if len(works) == 1:
            answers: list[bool | BaseException] = list(self._do(works[0][0], records=works[0][1]))
        else:
            waiting = [self._submit(work, records=records) for work, records in works]
            answers = []
            for future in waiting:
                answers += [fault] if (fault := future.exception()) else future.result()
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return tuple(answer is True for answer in answers)

    def revise(self, outcome: Outcome) -> None:
        """Write a stored measurement's new verdict; latest and rollups follow. StoreError where it is not stored."""
        check_verdict(outcome)
        self._do(lambda transaction: observations.revise(transaction, outcome))

    def append_experiment(self, measurement: Measurement, finding: Finding) -> bool:
        """Keep an experiment and what it showed; False where it is known. Durable on return."""
        return self._do(findings.appending(measurement, finding))

    def revise_finding(self, finding: Finding) -> None:
        """Write what a stored experiment shows by newer rules; StoreError where it is not stored."""
        self._do(lambda transaction: findings.revise(transaction, finding))

    def findings(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        target: str | None = None,
        vantage: str | None = None,
        kind: str | None = None,
    ) -> tuple[Finding, ...]:
        """The findings that fit, by time; `since` <= time < `until`."""
        return self._read(
            lambda connection: findings.select(
                connection, self._texts, since=since, until=until, target=target, vantage=vantage, kind=kind
            )
        )

    def append_cells(self, given: Sequence[Cell]) -> int:
        """Keep imported cells; how many were new."""
        return self._do(lambda transaction: cells.add(transaction, given))

    def save_events(self, given: Sequence[BlockingEvent]) -> None:
        """Append each event as a new revision; a revision that is there already must be the same."""
        self._do(lambda transaction: events.add(transaction, given))

    def save_health(self, statuses: Sequence[VantageStatus]) -> None:
        """Replace what is believed of these vantage points."""
        self._do(lambda transaction: health.put(transaction, statuses))

    def claim(self, simulated: bool) -> None:
        """Say that what comes is simulated, or real; StoreError where the store holds the other. The first decides."""
        self._do(lambda transaction: claim(transaction, simulated))

    def measurement(self, measurement: str) -> Measurement | None:
        """The measurement with this id, from its document."""
        found = self.document(measurement)
        return None if found is None else measurement_from(found)

    def document(self, measurement: str) -> dict[str, Any] | None:
        """The document of the measurement with this id, as JSON types."""
        if (key := _hex(measurement)) is None:
            return None
        content = self._fetched(lambda connection: documents.of_measurement(connection, key))
        return None if content is None else json.loads(content)

    def original(self, sha256: str) -> bytes | None:
        """The raw document with this hash (hex): an imported original, or a measurement's own canonical document."""
        if (key := _hex(sha256)) is None:
            return None
        return self._fetched(lambda connection: documents.of_hash(connection, key))

    def arrivals(self, position: int, limit: int) -> list[tuple[int, bytes]]:
        """Position and SHA-256 of the documents of measurements that came after a position; at most `limit`."""
        return self._read(lambda connection: arrivals.since(connection, position, limit))

    def newest_arrival(self) -> int:
        """The position of the document that came last; 0 in an empty store."""
        return self._read(arrivals.newest)

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
        return self._read(lambda connection: observations.select(connection, self._texts, self._archive, selection))

    def cells(
        self, *, since: datetime | None = None, until: datetime | None = None, target: str | None = None
    ) -> tuple[Cell, ...]:
        """The imported cells with `since` <= start < `until`, by start."""
        return self._read(
            lambda connection: cells.select(connection, self._texts, since=since, until=until, target=target)
        )

    def days(
        self, *, since: date | None = None, until: date | None = None, target: str | None = None
    ) -> tuple[Day, ...]:
        """Counts per target, network and day where it is watched; `since` <= day < `until`."""
        return self._read(
            lambda connection: rollups.days(connection, self._texts, since=since, until=until, target=target)
        )

    def latest(self) -> tuple[Latest, ...]:
        """The newest outcome of each URL of each target at each vantage point; the newest of all comes last."""
        return self._read(lambda connection: observations.newest(connection, self._texts))

    def events(self, *, target: str | None = None, country: str | None = None) -> tuple[BlockingEvent, ...]:
        """The newest revision of each event, the latest onset first."""
        return self._read(lambda connection: events.newest(connection, target=target, country=country))

    def revisions(self, event: str) -> tuple[BlockingEvent, ...]:
        """Every revision of one event, oldest first."""
        return self._read(lambda connection: events.revisions(connection, event))

    def health(self) -> tuple[VantageStatus, ...]:
        """What is believed of each vantage point."""
        return self._read(lambda connection: health.select(connection, self._texts))

    def enqueue(self, given: Sequence[Delivery], changed: Sequence[Delivery] = ()) -> int:
        """Append deliveries whose key is new and write what became of `changed`, all at once; how many were new."""
        return self._do(lambda transaction: outbox.add(transaction, given, changed))

    def deliveries(self, *, recipient: str | None = None, fate: Fate | None = None) -> tuple[Delivery, ...]:
        """The deliveries that fit, in the order in which they were planned."""
        return self._read(lambda connection: outbox.select(connection, recipient=recipient, fate=fate))

    def say(self, saying: Saying) -> None:
        """Append what a person said of alerts."""
        self._do(lambda transaction: outbox.say(transaction, saying))

    def sayings(self) -> tuple[Saying, ...]:
        """All that people said of alerts, oldest first."""
        return self._read(outbox.sayings)

    @property
    def simulated(self) -> bool:
        """Whether this store holds simulated measurements; an empty one holds none."""
        return self._read(simulated) is True

    def counts(self) -> Mapping[str, int]:
        """How much is stored: measurements, cells, events, event_revisions, documents, and bytes of packs."""
        return dict(self._read(lambda connection: connection.execute(_COUNTS).fetchone()))

    def close(self) -> None:
        """Finish what was submitted and let go of every file; closing twice is once."""
        if self._writer is not None:
            self._writer.close()
        self._readers.close()
        self._archive.engine.close()
        self._held.close()

    def _submit(self, work: Callable[[Transaction], T], *, records: int = 1) -> Future[T]:
        return self._open_writer().submit(work, records=records)

    def _do(self, work: Callable[[Transaction], T], *, records: int = 1) -> T:
        return self._open_writer().do(work, records=records)

    def _open_writer(self) -> Writer:
        if self._writer is None:
            raise StoreError(f"the store in {self._folder.path} was opened for reading only")
        return self._writer

    def _read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        return self.upkeep.read(question)

    def _fetched(self, where: Callable[[sqlite3.Connection], Spot | None]) -> bytes | None:
        """The document at a spot; looked up again where its pack was written anew in between."""
        spot = self._read(where)
        for _ in range(PATIENCE):
            if spot is None:
                return None
            if pack_path(self._folder, spot.pack).exists():
                break
            spot = self._read(where)
        with translated(self._folder.path):
            return None if spot is None else fetch(self._folder, spot)


def _hex(text: str) -> bytes | None:
    """The bytes of a hash; None for what is none, so that a stranger's id in a URL is simply not found."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None

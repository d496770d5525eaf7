"""Measurements in PostgreSQL: rows, documents, latest and rollups change in one synchronous transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitor.model import Cell, Finding, Latest, Outcome
from monitor.store.admission import Claim, Entry, Given, admit, answered, belonging, grouped
from monitor.store.answers import Answers
from monitor.store.dialect import POSTGRES
from monitor.store.entries import check_verdict
from monitor.store.errors import StoreDamaged, StoreError
from monitor.store.flat import CELL, FACTS, FINDING, OUTCOME, SAME, digest, same
from monitor.store.packs import Document, compress, expand
from monitor.store.postgres import tables
from monitor.store.postgres.database import Connection, Database
from monitor.store.questions import Question
from monitor.store.sql import sentence
from monitor.store.times import moment
from probes.model import Measurement

_DOCUMENT = tables.insertion("document", ("sha256", "record"), "ON CONFLICT (sha256) DO NOTHING")
_CELL = tables.insertion("cell", ("digest", *CELL.columns), "ON CONFLICT (digest) DO NOTHING")
_FINDING = tables.insertion("finding", (*FINDING.columns, "document"), "ON CONFLICT (measurement) DO NOTHING")
_REREAD = sentence(
    "UPDATE finding SET",
    ", ".join(f'"{name}" = %({name})s' for name in FINDING.columns),
    "WHERE measurement = %(measurement)s",
).encode()
_UPDATE = sentence(
    "UPDATE observation SET",
    ", ".join(f'"{name}" = %({name})s' for name in OUTCOME.columns),
    "WHERE measurement = %(measurement)s",
).encode()
_STORED = sentence("SELECT", OUTCOME.listed, "FROM observation WHERE measurement = %s FOR UPDATE").encode()
_NEWEST = sentence(
    "SELECT",
    ", ".join(f'o."{name}"' for name in OUTCOME.columns),
    ", latest.since FROM latest JOIN observation o USING (seq) ORDER BY o.time, seq",
)
_COUNTS = (
    "SELECT (SELECT coalesce(sum(ok + down + blocked + insufficient), 0)::bigint FROM daily) AS measurements, "
    "(SELECT count(*) FROM finding) AS experiments, (SELECT count(*) FROM cell) AS cells, "
    "(SELECT count(*) FROM document) AS documents, 0 AS pack_bytes"
)


class PostgresMeasurements(Answers):
    """The MeasurementStore protocol on one database; `claim` tells the state store what kind of measurements come."""

    dialect = POSTGRES

    def __init__(self, database: Database, claim: Claim) -> None:
        self._database, self._claim = database, claim

    def rows(self, question: Question) -> list[tuple[Any, ...]]:
        """What the server answers."""
        statement, parameters = question
        return self._database.read(lambda connection: connection.execute(statement.encode(), parameters).fetchall())

    def append_all(self, entries: Iterable[Given]) -> tuple[bool, ...]:
        """`append` for many, in few transactions; entries that contradict themselves are refused before any."""
        admitted, faults = admit(entries, self._claim)
        new: list[bool] = []
        for group in grouped(admitted):
            records = {
                sha256: compress(content)
                for entry in group
                for sha256, content in ((entry.own_hash, entry.own), (entry.original_hash, entry.original))
                if sha256 is not None and content is not None
            }
            new += self._database.write(lambda connection: _append(connection, group, records))  # noqa: B023 - runs at once
        return answered(new, faults)

    def revise(self, outcome: Outcome) -> None:
        """Write a stored measurement's new verdict; latest and rollups follow. StoreError where it is not stored."""
        check_verdict(outcome)
        self._claim(outcome.simulated)
        row = OUTCOME.row(outcome, same)
        self._database.write(lambda connection: _revise(connection, row))

    def append_experiment(self, measurement: Measurement, finding: Finding) -> bool:
        """Keep an experiment and what it showed; False where it is known. Durable on return."""
        own, sha256 = belonging(measurement, finding)
        self._claim(finding.simulated)
        record = {"sha256": sha256, "record": compress(own).record}
        row = FINDING.row(finding, same) | {"document": sha256}

        def work(connection: Connection) -> bool:
            new = connection.execute(_FINDING, row).rowcount == 1
            if new:
                connection.execute(_DOCUMENT, record)
            return new

        return self._database.write(work)

    def revise_finding(self, finding: Finding) -> None:
        """Write what a stored experiment shows by newer rules; StoreError where it is not stored."""
        row = FINDING.row(finding, same)
        if not self._database.write(lambda connection: connection.execute(_REREAD, row).rowcount):
            raise StoreError(f"experiment {finding.measurement} is not stored, so it cannot be read again")

    def append_cells(self, given: Sequence[Cell]) -> int:
        """Keep imported cells; how many were new."""
        for simulated in {cell.simulated for cell in given}:
            self._claim(simulated)
        rows = [{"digest": digest(cell)} | CELL.row(cell, same) for cell in given]

        def work(connection: Connection) -> int:
            with connection.cursor() as cursor:
                cursor.executemany(_CELL, rows)
                return cursor.rowcount

        return self._database.write(work) if rows else 0

    def document(self, measurement: str) -> dict[str, Any] | None:
        """The document of the measurement with this id, as JSON types."""
        found = self._content(
            "SELECT record FROM document WHERE sha256 IN (SELECT document FROM observation WHERE measurement = %(key)s "
            "UNION ALL SELECT document FROM finding WHERE measurement = %(key)s)",
            {"key": measurement.replace("\0", "")},
        )
        return None if found is None else json.loads(found)

    def original(self, sha256: str) -> bytes | None:
        """The raw document with this hash (hex): an imported original, or a measurement's own canonical document."""
        try:
            key = bytes.fromhex(sha256)
        except ValueError:
            return None
        return self._content("SELECT record FROM document WHERE sha256 = %(key)s", {"key": key})

    def latest(self) -> tuple[Latest, ...]:
        """The newest outcome of each URL of each target at each vantage point; the newest of all comes last."""
        return tuple(
            Latest(outcome=OUTCOME.record(row, SAME), since=moment(row[-1])) for row in self.rows((_NEWEST, {}))
        )

    def counts(self) -> Mapping[str, int]:
        """How much is stored: measurements, cells, documents, and no bytes of packs."""
        names = ("measurements", "experiments", "cells", "documents", "pack_bytes")
        (row,) = self.rows((_COUNTS, {}))
        return dict(zip(names, row, strict=True))

    def close(self) -> None:
        """Let go of the connections; closing twice is once."""
        self._database.close()

    def _content(self, statement: str, parameters: Mapping[str, Any]) -> bytes | None:
        for (record,) in self.rows((statement, parameters)):
            try:
                return expand(record)
            except ValueError as fault:
                place = self._database.address
                raise StoreDamaged(
                    f"the store at {place} is damaged (a document: {fault}): restore a backup"
                ) from fault
        return None


def _append(connection: Connection, group: Sequence[Entry], records: Mapping[bytes, Document]) -> tuple[bool, ...]:
    rows = [{**entry.row, "document": entry.own_hash, "original": entry.original_hash} for entry in group]
    tables.lock(connection, rows)
    new = tables.insert(connection, rows)
    kept = [entry for entry, is_new in zip(group, new, strict=True) if is_new]
    if kept:
        wanted = {each for entry in kept for each in (entry.own_hash, entry.original_hash) if each is not None}
        with connection.cursor() as cursor:
            documents = [{"sha256": each, "record": records[each].record} for each in sorted(wanted)]
            cursor.executemany(_DOCUMENT, documents)
        tables.count(connection, [entry.row for entry in kept], +1)
        tables.follow(connection, [entry.row for entry in kept])
    return new


def _revise(connection: Connection, row: Mapping[str, Any]) -> None:
    tables.lock(connection, [row])
    stored = connection.execute(_STORED, (row["measurement"],)).fetchone()
    if stored is None:
        raise StoreError(f"measurement {row['measurement']} is not stored, so it cannot be judged again")
    before = dict(zip(OUTCOME.columns, stored, strict=True))
    if other := [name for name in FACTS if before[name] != row[name]]:
        raise StoreError(f"measurement {row['measurement']} cannot be judged again with another {', '.join(other)}")
    tables.count(connection, [row], -1)
    connection.execute(_UPDATE, row)
    tables.count(connection, [row], +1)
    if before["state"] != row["state"]:
        tables.follow(connection, [row])

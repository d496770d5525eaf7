"""Measurements in ClickHouse: what is written twice is read once, and what was judged again is read as judged last."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitor.model import Cell, Finding, Latest, Outcome
from monitor.store.admission import GROUP, Claim, Entry, Given, admit, answered, belonging, grouped
from monitor.store.answers import Answers
from monitor.store.clickhouse.documents import CONTENT, content_of, is_hash, row_of, rows_of
from monitor.store.clickhouse.http import Row, Server
from monitor.store.clickhouse.latest import latest
from monitor.store.clickhouse.schema import Build
from monitor.store.clickhouse.stamps import Stamps
from monitor.store.dialect import CLICKHOUSE, DAY
from monitor.store.entries import check_verdict
from monitor.store.errors import StoreError
from monitor.store.flat import CELL, FACTS, FINDING, OUTCOME, digest, same
from monitor.store.gathering import Gathering
from monitor.store.questions import Question
from monitor.store.sql import sentence
from monitor.store.times import day, microseconds
from probes.document import measurement_from
from probes.model import Clock, Measurement

_KEY = "day = %(day)s AND target = %(target)s AND url = %(url)s AND vantage = %(vantage)s AND time = %(time)s"
_KEPT = ("seq", "document", "original")
_STORED = sentence(
    "SELECT",
    OUTCOME.listed,
    ", seq, document, original FROM observation WHERE",
    _KEY,
    "AND measurement = %(measurement)s ORDER BY revision DESC LIMIT 1",
)
_ANYWHERE = sentence("SELECT", OUTCOME.listed, "FROM observation WHERE measurement = %(measurement)s LIMIT 1")
_KNOWN = (
    "SELECT DISTINCT measurement FROM observation WHERE day IN %(days)s AND target IN %(targets)s "
    "AND measurement IN %(measurements)s"
)
_COUNTS = (
    ("measurements", "SELECT count() FROM observation FINAL"),
    ("experiments", "SELECT count() FROM finding FINAL"),
    ("cells", "SELECT count() FROM cell FINAL"),
    ("documents", "SELECT uniqExact(sha256) FROM document"),
)
_FINDING = "SELECT seq FROM finding WHERE measurement = %(measurement)s LIMIT 1"
_LAG = 5.0
"""Seconds after which a row that was written through another node must have come to the replica that is asked."""


class ClickHouseMeasurements(Answers):
    """The MeasurementStore protocol on one server or cluster; `claim` tells the state store what comes."""

    dialect = CLICKHOUSE

    def __init__(self, server: Server, build: Build, claim: Claim, clock: Clock, *, read_only: bool) -> None:
        self._server, self._build, self._claim = server, build, claim
        self._stamps, self._read_only = Stamps(clock), read_only
        self._gathering = Gathering(self._append, most=GROUP)

    def rows(self, question: Question) -> list[Row]:
        """What the server answers."""
        statement, given = question
        return self._server.rows(statement, given, **self._build.reading)

    def append_all(self, entries: Iterable[Given]) -> tuple[bool, ...]:
        """`append` for many, in few inserts; entries that contradict themselves are refused before any.

        What other threads append meanwhile goes with them. Documents go before rows: where a row is, its document is.
        """
        self._refuse_reader()
        admitted, faults = admit(entries, self._claim)
        new: list[bool] = []
        for group in grouped(admitted):
            new += self._gathering.add(group)
        return answered(new, faults)

    def revise(self, outcome: Outcome) -> None:
        """Write a stored measurement's new verdict over the old one; StoreError where it is not stored."""
        self._refuse_reader()
        check_verdict(outcome)
        self._claim(outcome.simulated)
        row = OUTCOME.row(outcome, same)
        stored = self._stored(_keyed(row))
        if other := [name for name in FACTS if stored[name] != row[name]]:
            raise StoreError(
                f"measurement {outcome.measurement} cannot be judged again with another {', '.join(other)}"
            )
        if any(stored[name] != value for name, value in row.items()):
            kept = {name: stored[name] for name in _KEPT}
            (revision,) = self._stamps.take(1)
            self._insert("observation", [_keyed(row) | kept | {"revision": revision}])

    def append_experiment(self, measurement: Measurement, finding: Finding) -> bool:
        """Keep an experiment and what it showed; False where it is known. Durable on return."""
        self._refuse_reader()
        own, sha256 = belonging(measurement, finding)
        self._claim(finding.simulated)
        row = FINDING.row(finding, same)
        if self._finding(row) is not None:
            return False
        self._insert("document", [row_of(sha256, own, own=1)])
        (seq,) = self._stamps.take(1)
        self._insert("finding", [row | {"seq": seq, "revision": 0}])
        return True

    def revise_finding(self, finding: Finding) -> None:
        """Write what a stored experiment shows by newer rules; StoreError where it is not stored."""
        self._refuse_reader()
        row = FINDING.row(finding, same)
        seq = self._finding(row)
        if seq is None:
            raise StoreError(f"experiment {finding.measurement} is not stored, so it cannot be read again")
        (revision,) = self._stamps.take(1)
        self._insert("finding", [row | {"seq": seq, "revision": revision}])

    def append_cells(self, given: Sequence[Cell]) -> int:
        """Keep imported cells; how many were new."""
        self._refuse_reader()
        for simulated in {cell.simulated for cell in given}:
            self._claim(simulated)
        new = 0
        for group in grouped(list(given)):
            rows = {digest(cell): CELL.row(cell, same) for cell in group}
            for (known,) in self.rows(
                ("SELECT DISTINCT digest FROM cell WHERE digest IN %(all)s", {"all": list(rows)})
            ):
                del rows[known]
            stamps = self._stamps.take(len(rows))
            made = [{"digest": name, "seq": seq} | row for (name, row), seq in zip(rows.items(), stamps, strict=True)]
            self._insert("cell", made)
            new += len(made)
        return new

    def document(self, measurement: str) -> dict[str, Any] | None:
        """The document of the measurement with this id, as JSON types; sought by hash, of which the id is half."""
        if len(measurement) != 32 or not is_hash(measurement):
            return None
        condition = "sha256 >= %(key)s AND sha256 < concat(%(key)s, 'g') AND own = 1"
        content = self._content(condition, measurement)
        return None if content is None or not self._is_row(measurement, content) else json.loads(content)

    def original(self, sha256: str) -> bytes | None:
        """The raw document with this hash (hex): an imported original, or a measurement's own canonical document."""
        return self._content("sha256 = %(key)s", sha256.lower()) if is_hash(sha256) else None

    def latest(self) -> tuple[Latest, ...]:
        """The newest outcome of each URL of each target at each vantage point; the newest of all comes last."""
        return latest(self._server, self._build.reading)

    def counts(self) -> Mapping[str, int]:
        """How much is stored: measurements, cells, documents, and no bytes of packs."""
        found = {name: int(self.rows((statement, {}))[0][0]) for name, statement in _COUNTS}
        return found | {"pack_bytes": 0}

    def close(self) -> None:
        """Let go of the connections; closing twice is once."""
        self._server.close()

    def _append(self, group: Sequence[Entry]) -> list[bool]:
        keyed = [_keyed(entry.row) for entry in group]
        seen = self._known(keyed)
        fresh: list[tuple[Entry, dict[str, Any]]] = []
        answers = []
        for entry, row in zip(group, keyed, strict=True):
            answers.append(row["measurement"] not in seen)
            if answers[-1]:
                seen.add(row["measurement"])
                fresh.append((entry, row))
        self._insert("document", list(rows_of(entry for entry, _ in fresh)))
        stamps = self._stamps.take(len(fresh))
        self._insert("observation", [_row(entry, row, seq) for (entry, row), seq in zip(fresh, stamps, strict=True)])
        return answers

    def _known(self, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        given = {
            "days": sorted({row["day"] for row in rows}),
            "targets": sorted({row["target"] for row in rows}),
            "measurements": [row["measurement"] for row in rows],
        }
        return {measurement for (measurement,) in self.rows((_KNOWN, given))} if rows else set()

    def _stored(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The stored row of a measurement; what another node has just written is waited for."""
        deadline = time.monotonic() + (_LAG if self._build.cluster else 0)
        while True:
            for stored in self.rows((_STORED, row)):
                return dict(zip((*OUTCOME.columns, *_KEPT), stored, strict=True))
            for stored in self.rows((_ANYWHERE, row)):  # under other facts, which the caller is told
                return dict(zip(OUTCOME.columns, stored, strict=True))
            if time.monotonic() >= deadline:
                raise StoreError(f"measurement {row['measurement']} is not stored, so it cannot be judged again")
            time.sleep(0.2)

    def _finding(self, row: Mapping[str, Any]) -> int | None:
        """The number of an experiment that is stored, else None."""
        for (seq,) in self.rows((_FINDING, row)):
            return int(seq)
        return None

    def _is_row(self, measurement: str, content: bytes) -> bool:
        """Whether a document that is there belongs to a row: an append that died between the two left none."""
        facts = measurement_from(json.loads(content))
        time = microseconds(facts.started)
        given = {"days": [str(day(time // DAY))], "targets": [facts.target], "measurements": [measurement]}
        return bool(self.rows((_KNOWN, given))) or self._finding({"measurement": measurement}) is not None

    def _content(self, condition: str, key: str) -> bytes | None:
        statement = sentence(CONTENT, condition, "LIMIT 1")
        for row in self.rows((statement, {"key": key})):
            return content_of(row, self._server.address)
        return None

    def _insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._server.insert(table, rows, **self._build.durable)

    def _refuse_reader(self) -> None:
        if self._read_only:
            raise StoreError(f"the store at {self._server.address} was opened for reading only")


def _keyed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with the day that it is sorted by."""
    return {**row, "day": str(day(row["time"] // DAY))}


def _row(entry: Entry, row: Mapping[str, Any], seq: int) -> dict[str, Any]:
    original = None if entry.original_hash is None else entry.original_hash.hex()
    return {**row, "seq": seq, "revision": 0, "document": entry.own_hash.hex(), "original": original}

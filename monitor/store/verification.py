"""Verifying a store: every file against what the index says of it, and every count against the rows.

Everything is read from one snapshot, beside a running writer. A problem is a value, not an exception: all are found.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.model import State
from monitor.store import segments
from monitor.store.archive import LAYOUT
from monitor.store.errors import StoreDamaged, StoreError
from monitor.store.observations import kept_since
from monitor.store.packs import Spot, fetch, pack_path
from monitor.store.rollups import DAILY, HOURLY, HOURLY_TARGET, Series
from monitor.store.segments import SegmentGone
from monitor.store.sql import number_of, sentence
from monitor.store.upkeep import Told, Upkeep, quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is not as it should be, and where."""

    where: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """How much was looked at, and what was found."""

    checked: Mapping[str, int]
    problems: tuple[Problem, ...]


def verify(upkeep: Upkeep, *, told: Told = quiet) -> Verified:
    """Check all files, rows and counts of one snapshot; StoreError where the store cannot be read at all."""
    return upkeep.read(lambda connection: _Look(upkeep, connection, told).all())


class _Look:
    """One look at a store. State: what was counted and found so far."""

    def __init__(self, upkeep: Upkeep, connection: sqlite3.Connection, told: Told) -> None:
        self._upkeep, self._connection, self._told = upkeep, connection, told
        self._checked: dict[str, int] = {}
        self._problems: list[Problem] = []

    def all(self) -> Verified:
        """Every check in turn; one that cannot be made is itself a problem."""
        checks: dict[str, Callable[[], int]] = {
            "pages": self._database,
            "segments": self._segments,
            "packs": self._packs,
            "documents": self._documents,
            "rows": self._rows,
            "hourly": lambda: self._counts(HOURLY),
            "hourly_target": self._targets,
            "daily": lambda: self._counts(DAILY),
            "latest": self._latest,
        }
        for name, check in checks.items():
            self._told(name)
            try:
                self._checked[name] = check()
            except SegmentGone:
                raise
            except StoreError as fault:
                self._problem(name, str(fault))
        return Verified(checked=self._checked, problems=tuple(self._problems))

    def _problem(self, where: str, what: str) -> None:
        self._problems.append(Problem(where=where, what=what))

    def _database(self) -> int:
        for (line,) in self._connection.execute("PRAGMA integrity_check(20)"):
            if line != "ok":
                self._problem("store.db", line)
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        return int(pages)

    def _segments(self) -> int:
        found = segments.live(self._connection)
        for number, segment in enumerate(found):
            self._told(f"segment {number + 1} of {len(found)}")
            path = segments.file_of(self._upkeep.folder, segment)
            size, digest = segments.digest_of(path)
            if (size, digest) != (segment.size, segment.sha256):
                self._problem(segment.path, "its SHA-256 is not that of the manifest: the file was changed")
            elif segment.schema_version > segments.VERSION:
                self._problem(segment.path, f"schema version {segment.schema_version} is newer than this presscanary")
            else:
                self._segment(segment)
        return len(found)

    def _segment(self, segment: segments.Segment) -> None:
        edges = "SELECT count(*), min(time), max(time), count(DISTINCT seq) FROM"
        with self._upkeep.archive.engine.session() as session:
            source = self._upkeep.archive.source([segment])
            (seen,) = self._upkeep.archive.ask(session, [segment], sentence(edges, source), {})
        if seen != (segment.rows, segment.min_time, segment.max_time, segment.rows):
            self._problem(segment.path, f"holds {seen[0]} rows, the manifest says {segment.rows}")

    def _packs(self) -> int:
        rows = self._connection.execute("SELECT id, bytes FROM pack").fetchall()
        for row in rows:
            path = pack_path(self._upkeep.folder, row["id"])
            size = path.stat().st_size if path.exists() else 0
            if size < row["bytes"]:
                self._problem(f"packs/{path.name}", f"has {size} of {row['bytes']} bytes")
        return len(rows)

    def _documents(self) -> int:
        (total,) = self._connection.execute("SELECT count(*) FROM document").fetchone()
        statement = "SELECT sha256, pack, start, length FROM document ORDER BY pack, start"
        for number, row in enumerate(self._connection.execute(statement)):
            if number % 1000 == 0:
                self._told(f"document {number} of {total}")
            try:
                fetch(self._upkeep.folder, Spot(pack=row["pack"], start=row["start"], length=row["length"]))
            except StoreDamaged as fault:
                self._problem(f"packs/{row['pack']:06d}.pack", str(fault))
        return int(total)

    def _rows(self) -> int:
        lost = "SELECT count(*) FROM observation WHERE document <> 0 AND document NOT IN (SELECT id FROM document)"
        (without,) = self._connection.execute(lost).fetchone()
        if without:
            self._problem("observation", f"{without} rows name a document that is not there")
        both = self._upkeep.archive.rows(
            self._connection, "SELECT count(*), count(DISTINCT measurement), count(DISTINCT seq)", [], {}
        ) or [(0, 0, 0)]
        (tail,) = self._connection.execute("SELECT count(*) FROM observation").fetchone()
        (most,) = self._connection.execute("SELECT coalesce(max(seq), 0) FROM observation").fetchone()
        (pruned,) = self._connection.execute(sentence("SELECT coalesce(", number_of("pruned"), ", 0)")).fetchone()
        if len(set(both[0])) != 1 or both[0][0] + tail != most - pruned:
            self._problem("rows", f"{tail} in the tail and {both[0]} sealed; {most - pruned} were acknowledged")
        return int(both[0][0] + tail)

    def _counts(self, series: Series) -> int:
        edge = self._edge(series)
        counted = self._recounted(series, edge)
        names = ", ".join((series.unit, *series.group, *_STATES))
        width = 1 + len(series.group)
        statement = sentence("SELECT", names, "FROM", series.table, "WHERE", series.unit, ">= ?")
        kept = {
            tuple(row[:width]): tuple(row[width:])
            for row in self._connection.execute(statement, (edge,))
            if any(row[width:])
        }
        for key in sorted(kept.keys() | counted.keys()):
            if kept.get(key) != counted.get(key):
                said = f"{series.unit} {key[0]} says {kept.get(key)}, the rows say {counted.get(key)}"
                self._problem(series.table, said)
                if len(self._problems) > _MANY:
                    break
        return len(counted)

    def _targets(self) -> int:
        """Hours without vantage points against those with them, which were held against the rows."""
        names = ", ".join(HOURLY_TARGET.key)
        sums = ", ".join(f"sum({name})" for name in _SUMMED)
        kept = sentence("SELECT", names, ",", ", ".join(_SUMMED), "FROM hourly_target")
        counted = sentence("SELECT", names, ",", sums, "FROM hourly GROUP BY", names)
        hour = HOURLY_TARGET.key.index("hour")
        for one, other, what in ((kept, counted, "says something"), (counted, kept, "lacks something")):
            wrong = {row[hour] for row in self._connection.execute(sentence(one, "EXCEPT", other))}
            for number in sorted(wrong)[:_MANY]:
                self._problem("hourly_target", f"hour {number} {what} that hourly does not bear out")
        (count,) = self._connection.execute("SELECT count(*) FROM hourly_target").fetchone()
        return int(count)

    def _edge(self, series: Series) -> int:
        """The first bucket of which every row is still there, and which retention of counts has left."""
        return max(series.start(self._connection), -(-kept_since(self._connection) // series.width))

    def _recounted(self, series: Series, edge: int) -> dict[tuple[int, ...], tuple[int, ...]]:
        texts = {row["text"]: row["id"] for row in self._connection.execute("SELECT id, text FROM symbol")}
        counted: dict[tuple[int, ...], list[int]] = {}
        for bucket, *group, state, count in self._buckets(series, edge):
            named = zip(series.group, group, strict=True)
            ids = (texts[text] if name in LAYOUT.symbols else text for name, text in named)
            counts = counted.setdefault((bucket, *ids), [0] * len(_STATES))
            counts[_STATES.index(state)] += count
        return {key: tuple(counts) for key, counts in counted.items()}

    def _buckets(self, series: Series, edge: int) -> Iterator[tuple[Any, ...]]:
        since, width, listed = edge * series.width, series.width, ", ".join(series.group)
        ending = f"GROUP BY time // {width}, {listed}, state"
        select = f"SELECT time // {width}, {listed}, state, count(*)"
        yield from self._upkeep.archive.rows(
            self._connection, select, ["time >= $since"], {"since": since}, ending=ending, between=(since, None)
        )
        texts = {row["id"]: row["text"] for row in self._connection.execute("SELECT id, text FROM symbol")}
        statement = sentence(select.replace("//", "/"), "FROM observation WHERE time >= ?", ending.replace("//", "/"))
        for row in self._connection.execute(statement, (since,)):
            yield (row[0], *_spelled((*series.group, "state"), row[1:-1], texts), row[-1])

    def _latest(self) -> int:
        rows = self._connection.execute(
            "SELECT latest.seq AS seq, latest.time AS time, latest.state AS state, observation.time AS real, "
            "observation.state AS said FROM latest LEFT JOIN observation USING (seq)"
        ).fetchall()
        for row in rows:
            if (row["time"], row["state"]) != (row["real"], row["said"]):
                self._problem("latest", f"row {row['seq']} is not what it says")
        newer = (
            "SELECT count(*) FROM latest JOIN observation USING (target, url, vantage) "
            "WHERE (observation.time, observation.seq) > (latest.time, latest.seq)"
        )
        (count,) = self._connection.execute(newer).fetchone()
        if count:
            self._problem("latest", f"{count} rows are newer than what is called the newest of their page")
        return len(rows)


_STATES = tuple(state.value for state in State)
_SUMMED = (*_STATES, "timed", "total")
_MANY = 100
"""After so many problems of one kind the rest is more of the same."""


def _spelled(names: Iterable[str], values: Iterable[Any], texts: Mapping[int, str]) -> Iterator[Any]:
    for name, value in zip(names, values, strict=True):
        yield texts[value] if name in LAYOUT.symbols else value

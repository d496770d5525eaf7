"""Sealed rows, read where they are: the segments of the manifest that a question concerns, through DuckDB.

A tail row that is marked with its segment is the present form of the sealed one; so every question here leaves out the
numbers (`seq`) that the same snapshot of the tail marks. What is asked is one moment's manifest: a file that was
replaced meanwhile is SegmentGone, and the question is put again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.model import Outcome
from monitor.store import segments
from monitor.store.engine import Engine
from monitor.store.errors import damaged
from monitor.store.folder import Folder
from monitor.store.rows import HEX, Layout
from monitor.store.segments import Segment
from monitor.store.sql import sentence
from monitor.store.times import DAY

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LAYOUT = Layout(Outcome, measurement=HEX)
"""The columns of an outcome, in the tail and in a segment; what is the id of a text there is the text itself here."""

SEALED = ("seq", *LAYOUT.columns, "original")
"""The columns of a segment: `original` is the SHA-256 of the document that a measurement was imported from."""

REMEMBERED = 4096
"""Chunks (a day of one target at one vantage point) whose ids are remembered for late rows: some 150 ids each."""


class Spelled(dict[int, str]):
    """The texts of a segment: they stand in the row itself."""

    def __missing__(self, text: Any) -> Any:
        return text


TEXTS = Spelled()


class Archive:
    """The sealed rows of one store; every method takes the connection whose snapshot it answers for."""

    def __init__(self, folder: Folder, engine: Engine) -> None:
        self.folder, self.engine = folder, engine
        self._ids = lru_cache(maxsize=REMEMBERED)(self._read_ids)

    def outcomes(
        self, connection: sqlite3.Connection, given: Mapping[str, Any], *, newest_first: bool, limit: int | None
    ) -> list[tuple[int, int, Outcome]]:
        """Time, number and outcome of the sealed rows that fit what is given (not None), in the order that is asked."""
        asked = {name: value for name, value in given.items() if value is not None}
        conditions = [_CONDITIONS.get(name, f"{name} = ${name}") for name in asked]
        order = "ORDER BY time DESC, seq DESC" if newest_first else "ORDER BY time, seq"
        rows = self.rows(
            connection,
            sentence("SELECT time, seq,", LAYOUT.listed),
            conditions,
            asked,
            ending=order if limit is None else f"{order} LIMIT {limit:d}",
            between=(given.get("since"), given.get("until")),
        )
        return [(row[0], row[1], LAYOUT.record(row[2:], TEXTS)) for row in rows]

    def rows(
        self,
        connection: sqlite3.Connection,
        select: str,
        conditions: Iterable[str],
        parameters: Mapping[str, Any],
        *,
        ending: str = "",
        between: tuple[int | None, int | None] = (None, None),
    ) -> list[tuple[Any, ...]]:
        """What a SELECT finds in the segments of a span of time, `since` <= time < `until`."""
        chosen = segments.live(connection, *between)
        if not chosen:
            return []
        hidden = self.hidden(connection, chosen)
        given = dict(parameters)
        tests = list(conditions)
        if hidden:
            tests.append("seq NOT IN (SELECT unnest($hidden))")
            given["hidden"] = hidden
        where = "WHERE " + " AND ".join(tests) if tests else ""
        statement = sentence(select, "FROM", self.source(chosen), where, ending)
        with self.engine.session() as session:
            return self.ask(session, chosen, statement, given)

    def known(self, chosen: Iterable[Segment], measurement: bytes, outcome: Outcome, time: int) -> bool:
        """Whether one of these segments holds a measurement; only its day, target and vantage point are looked at."""
        return any(
            measurement in self._ids(segment, outcome.target, outcome.vantage, time // DAY)
            for segment in chosen
            if segment.min_time <= time <= segment.max_time
        )

    def sealed(self, connection: sqlite3.Connection, measurement: bytes, time: int) -> dict[str, Any] | None:
        """The sealed row of a measurement, texts spelled out, with its `segment`; None where none is of that time."""
        given = {"measurement": measurement, "time": time}
        for segment in segments.live(connection, time, time + 1):
            statement = sentence(
                "SELECT",
                _listed(SEALED),
                "FROM",
                self.source([segment]),
                "WHERE measurement = $measurement AND time = $time",
            )
            with self.engine.session() as session:
                found = self.ask(session, [segment], statement, given)
            if found:
                return dict(zip(SEALED, found[0], strict=True)) | {"segment": segment.id}
        return None

    def hidden(self, connection: sqlite3.Connection, chosen: Iterable[Segment]) -> list[int]:
        """The numbers of sealed rows whose present form is in the tail."""
        marked = connection.execute("SELECT seq, sealed FROM observation WHERE sealed IS NOT NULL").fetchall()
        ids = {segment.id for segment in chosen}
        return [row["seq"] for row in marked if row["sealed"] in ids]

    def source(self, chosen: Sequence[Segment]) -> str:
        """The FROM of these segments, later columns filled in; SegmentGone where a file is missing."""
        versions = sorted({segment.schema_version for segment in chosen})
        parts = [self._part([one for one in chosen if one.schema_version == version]) for version in versions]
        return f"({' UNION ALL BY NAME '.join(parts)})"

    def _part(self, alike: Sequence[Segment]) -> str:
        """A SELECT of segments of one version."""
        files = ", ".join(quoted(segments.file_of(self.folder, segment)) for segment in alike)
        later = [name for name, version in segments.SINCE.items() if version > alike[0].schema_version]
        listed = ", ".join(("*", *(f"NULL::VARCHAR AS {name}" for name in later)))
        return sentence("SELECT", listed, f"FROM read_parquet([{files}], hive_partitioning = false)")

    def ask(
        self, session: DuckDBPyConnection, chosen: Sequence[Segment], statement: str, given: Mapping[str, Any]
    ) -> list[tuple[Any, ...]]:
        """The rows of a statement over these segments; a file that is lost or spoilt is a StoreError that names it."""
        import duckdb  # noqa: PLC0415 - an extra

        try:
            return session.execute(statement, dict(given) or None).fetchall()
        except (duckdb.OutOfMemoryException, duckdb.BinderException, duckdb.ParserException):
            raise
        except duckdb.Error as fault:  # spoilt bytes are met at any depth
            for segment in chosen:
                segments.file_of(self.folder, segment)
            names = ", ".join(segment.path for segment in chosen) if len(chosen) < 3 else "one of the segments"
            raise damaged(self.folder.path, f"{names}: {str(fault).splitlines()[0]}") from fault

    def _read_ids(self, segment: Segment, target: str, vantage: str, day: int) -> frozenset[bytes]:
        statement = sentence(
            "SELECT measurement FROM",
            self.source([segment]),
            "WHERE target = $target AND vantage = $vantage AND time >= $since AND time < $until",
        )
        given = {"target": target, "vantage": vantage, "since": day * DAY, "until": (day + 1) * DAY}
        with self.engine.session() as session:
            return frozenset(row[0] for row in self.ask(session, [segment], statement, given))


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPast:
    """The sealed rows of one page from a moment on: what a run of one state is found from."""

    archive: Archive
    connection: sqlite3.Connection
    page: Mapping[str, Any]
    """Target, url, vantage and state, as texts."""
    since: int

    def others(self, after: tuple[int, int]) -> list[tuple[int, int]]:
        """Time and number of the newest row of another state behind `after`: one or none."""
        return self._look("state <> $state", after, "ORDER BY time DESC, seq DESC LIMIT 1")

    def same(self, after: tuple[int, int]) -> list[int]:
        """When the first row of the same state behind `after` was: one or none."""
        return [time for time, _ in self._look("state = $state", after, "ORDER BY time, seq LIMIT 1")]

    def _look(self, state: str, after: tuple[int, int], ending: str) -> list[tuple[int, int]]:
        tests = ["target = $target", "url = $url", "vantage = $vantage", state, "(time, seq) > ($time, $seq)"]
        given = {**self.page, "time": after[0], "seq": after[1]}
        found = self.archive.rows(
            self.connection, "SELECT time, seq", tests, given, ending=ending, between=(self.since, None)
        )
        return [(time, seq) for time, seq in found]


_CONDITIONS = {"since": "time >= $since", "until": "time < $until"}


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def quoted(path: Path | str) -> str:
    """A path, or a text of ours, as the engine's SQL spells it."""
    return "'" + str(path).replace("'", "''") + "'"

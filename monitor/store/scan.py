"""Scans: tail and segments of one snapshot as one table of the engine, for questions over long spans.

What of the tail lies in the span is handed to the engine; segments are read where they are. Memory stays within the
engine's bound, however long the span is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitor.store import segments
from monitor.store.archive import SEALED, quoted
from monitor.store.sealing import load, tail
from monitor.store.sql import sentence, spells
from monitor.store.upkeep import Upkeep

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FIRST, LAST = -(2**62), 2**62
"""Microseconds: all times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A SELECT over the table `result`: each result of the span once, texts spelled out."""

    statement: str
    given: Mapping[str, Any] = field(default_factory=dict)
    """Its parameters, `$name` in the statement."""
    columns: tuple[str, ...] = SEALED
    """What the statement speaks of; fewer are read faster."""
    target: str | None = None
    since: int = FIRST
    until: int = LAST
    """`since` <= time < `until`, in microseconds."""


def scan(upkeep: Upkeep, asked: Scan) -> list[tuple[Any, ...]]:
    """The rows that a scan finds. EngineMissing without DuckDB; StoreFull where it finds no room to spill."""
    return upkeep.read(lambda connection: _scan(upkeep, connection, asked))


def _scan(upkeep: Upkeep, connection: sqlite3.Connection, asked: Scan) -> list[tuple[Any, ...]]:
    chosen = segments.live(connection, asked.since, asked.until)
    hidden = upkeep.archive.hidden(connection, chosen)
    columns = ("seq", *(name for name in asked.columns if name != "seq")) if hidden else asked.columns
    with upkeep.archive.engine.session() as session:
        wanted = {"since": asked.since, "until": asked.until, "target": asked.target}
        condition = "time >= :since AND time < :until"
        if asked.target is not None:
            condition = sentence(condition, "AND", spells("target"))
        load(session, tail(connection, condition, wanted, columns), "present", columns)
        _view(upkeep, session, chosen, asked, ", ".join(columns), hidden=bool(hidden))
        return upkeep.archive.ask(session, chosen, asked.statement, asked.given)


def _view(
    upkeep: Upkeep,
    session: DuckDBPyConnection,
    chosen: tuple[segments.Segment, ...],
    asked: Scan,
    listed: str,
    *,
    hidden: bool,
) -> None:
    parts = ["SELECT", listed, "FROM present"]
    if chosen:
        # The span is a test of each row only where a month reaches out of it, and numbers are read only for overrides.
        inside = all(asked.since <= it.min_time and it.max_time < asked.until for it in chosen)
        tests = [
            "" if inside else f"time >= {asked.since:d} AND time < {asked.until:d}",
            "seq NOT IN (SELECT seq FROM present)" if hidden else "",
            "" if asked.target is None else sentence("target =", quoted(asked.target)),
        ]
        within = " AND ".join(filter(None, tests))
        parts += ["UNION ALL SELECT", listed, "FROM", upkeep.archive.source(chosen), within and f"WHERE {within}"]
    session.execute(sentence("CREATE OR REPLACE TEMP VIEW result AS", *parts))

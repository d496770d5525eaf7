"""Statements that change PostgreSQL's tables, and keep latest and rollups in step with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitor.model import State
from monitor.store.dialect import DAY, HOUR, POSTGRES
from monitor.store.flat import OUTCOME
from monitor.store.postgres.database import Connection
from monitor.store.sql import sentence

_PAGE = ("target", "url", "vantage")
_GROUP = ("target", "time", "vantage", "country", "network", "role", "innocuous")
_STATES = tuple(state.value for state in State)
_SUMS = (*_STATES, "timed", "total")


def insertion(table: str, columns: Sequence[str], conflict: str) -> bytes:
    """The SQL that inserts one named row.

    >>> insertion("cell", ("start", "end"), "ON CONFLICT DO NOTHING")
    b'INSERT INTO cell ("start", "end") VALUES (%(start)s, %(end)s) ON CONFLICT DO NOTHING'
    """
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(f"%({name})s" for name in columns)
    return sentence("INSERT INTO", table, f"({names}) VALUES ({values})", conflict).encode()


def replacing(key: Sequence[str], columns: Sequence[str], *, add: str = "") -> str:
    """What an insertion does where the row is there: put new values in its place, or add them to those of table `add`.

    >>> replacing(("id",), ("ok",), add="daily")
    'ON CONFLICT (id) DO UPDATE SET "ok" = daily."ok" + excluded."ok"'
    """
    changes = ", ".join(
        f'"{name}" = {add}."{name}" + excluded."{name}"' if add else f'"{name}" = excluded."{name}"' for name in columns
    )
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"


def _rollup(table: str, number: str, width: int) -> bytes:
    counts = ", ".join(f"%(sign)s * {POSTGRES.counted(state)}" for state in _STATES)
    timed = "%(sign)s * count(total), %(sign)s * coalesce(sum(round(total * 1e6)), 0)::bigint"
    places = ", ".join(f"{number} * {width} AS start" if name == "time" else name for name in _GROUP)
    groups = ", ".join("start" if name == "time" else name for name in _GROUP)
    return sentence(
        f"INSERT INTO {table} ({', '.join((*_GROUP, *_SUMS))}) SELECT {places}, {counts}, {timed}",
        f"FROM observation WHERE measurement = ANY(%(measurements)s) GROUP BY {groups} ORDER BY {groups}",
        replacing(_GROUP, _SUMS, add=table),
    ).encode()


_ROLLUPS = (_rollup("hourly", POSTGRES.hour(), HOUR), _rollup("daily", POSTGRES.day(), DAY))
_INSERT = insertion(
    "observation", (*OUTCOME.columns, "document", "original"), "ON CONFLICT (measurement) DO NOTHING RETURNING seq"
)
_SAME_PAGE = " AND ".join(f"o.{name} = page.{name}" for name in _PAGE)
# Of each page: the newest row of each state is one look into `observation_run`; the newest of these is the newest of
# all, the next one ended before the run began, and the run's first row is one more look.
_LATEST = f"""
WITH page AS (SELECT DISTINCT * FROM unnest(%(target)s::text[], %(url)s::text[], %(vantage)s::text[])
              AS page ({", ".join(_PAGE)})),
newest AS (SELECT page.*, found.*, row_number() OVER (PARTITION BY {", ".join(_PAGE)} ORDER BY time DESC, seq DESC)
           FROM page, unnest(%(states)s::text[]) AS given (state), LATERAL (
               SELECT o.seq, o.time, o.state FROM observation o WHERE {_SAME_PAGE} AND o.state = given.state
               ORDER BY o.time DESC, o.seq DESC LIMIT 1) AS found)
INSERT INTO latest (target, url, vantage, seq, time, state, since)
SELECT page.target, page.url, page.vantage, page.seq, page.time, page.state, first.time
FROM newest page LEFT JOIN newest other ON other.row_number = 2
    AND (other.target, other.url, other.vantage) = (page.target, page.url, page.vantage), LATERAL (
    SELECT o.time FROM observation o WHERE {_SAME_PAGE} AND o.state = page.state
    AND o.time >= coalesce(other.time, -9e18::bigint)
    AND (o.time, o.seq) > (coalesce(other.time, -9e18::bigint), coalesce(other.seq, 0))
    ORDER BY o.time, o.seq LIMIT 1) AS first
WHERE page.row_number = 1 ORDER BY page.target, page.url, page.vantage
{replacing(_PAGE, ("seq", "time", "state", "since"))}
""".encode()  # noqa: S608 - made of the names above only


def lock(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Wait until nobody else writes to these pages; always in one order, so that two never wait for each other."""
    keys = {hashlib.blake2b(repr([row[name] for name in _PAGE]).encode(), digest_size=8).digest() for row in rows}
    numbers = sorted(int.from_bytes(key, "big", signed=True) for key in keys)
    connection.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", (numbers,))


def insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> tuple[bool, ...]:
    """Write the rows of measurements that are not known; which those were."""
    new = []
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows, returning=True)
        for index in range(len(rows)):
            new.append(cursor.fetchone() is not None)
            if index < len(rows) - 1:
                cursor.nextset()
    return tuple(new)


def count(connection: Connection, rows: Iterable[Mapping[str, Any]], sign: int) -> None:
    """Add stored rows to their hours and days (`sign` +1), or take them out (-1)."""
    given = {"measurements": [row["measurement"] for row in rows], "sign": sign}
    for statement in _ROLLUPS:
        connection.execute(statement, given)


def follow(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Find the newest row, and the first of its unbroken run, of the pages of these rows."""
    pages = {tuple(row[name] for name in _PAGE) for row in rows}
    columns = dict(zip(_PAGE, map(list, zip(*sorted(pages), strict=True)), strict=True))
    connection.execute(_LATEST, columns | {"states": list(_STATES)})

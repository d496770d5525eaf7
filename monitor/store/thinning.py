"""Which raw documents stay when their month is sealed: failures, changes, what stood beside them, and a sample.

Dispensable is the document of an ok result, where none of these holds:

    - it is the first or the last of a run of ok results of its page at its vantage point (a change of state);
    - within an hour of it the same page failed anywhere, or any page at the same vantage point (it is a control then);
    - it is one of the sample: the first 32 bits of its id are divisible by N (`store: ok_documents: N`);
    - it is a witness of a blocking event.

The row of such a result stays with all its fields; only the document behind it, hop by hop, is not kept.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING

from monitor.model import State
from monitor.store.times import HOUR

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DISPENSABLE = f"""
WITH steps AS (
    SELECT measurement, url, vantage, state, time // {HOUR} AS hour,
        lag(state) OVER page AS before, lead(state) OVER page AS after
    FROM sealing WINDOW page AS (PARTITION BY target, url, vantage ORDER BY time, seq)
),
failed AS (SELECT DISTINCT url, vantage, hour FROM steps WHERE state <> $ok),
near AS (SELECT url, vantage, unnest([hour - 1, hour, hour + 1]) AS hour FROM failed)
SELECT measurement FROM steps
WHERE state = $ok AND before = $ok AND after = $ok
    AND (('0x' || hex(measurement)[1:8])::BIGINT) % $sample <> 0
    AND (url, hour) NOT IN (SELECT (url, hour) FROM near)
    AND (vantage, hour) NOT IN (SELECT (vantage, hour) FROM near)
"""  # noqa: S608 - a number of ours


def dispensable(session: DuckDBPyConnection, sample: int) -> list[bytes]:
    """The ids of the measurements in the engine's table `sealing` whose documents need not be kept."""
    found = session.execute(_DISPENSABLE, {"ok": State.OK.value, "sample": sample}).fetchall()
    return [row[0] for row in found]


def unneeded(connection: sqlite3.Connection, candidates: Iterable[bytes]) -> list[bytes]:
    """Of these measurements, those that no revision of any event calls a witness."""
    needed = witnesses(connection)
    return [candidate for candidate in candidates if candidate not in needed]


def witnesses(connection: sqlite3.Connection) -> frozenset[bytes]:
    """The ids of all measurements that prove an event, now or in an earlier revision: kept for ever."""
    found: set[bytes] = set()
    for (text,) in connection.execute("SELECT document FROM event_revision"):
        event = json.loads(text)
        for part in (event, *event.get("spans", ())):
            found.update(_id(witness) for witness in part.get("witnesses", ()))
    return frozenset(found)


def _id(witness: str) -> bytes:
    try:
        return bytes.fromhex(witness)
    except ValueError:  # an imported series may name its witnesses otherwise
        return b""

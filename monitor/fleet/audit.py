"""The record of what was done to the fleet and what it did: it only grows, each line tied to the one before."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from monitor.fleet.database import Connection, Database, Row, number, one, time
from monitor.fleet.words import Entry, Member


def note(
    connection: Connection, now: datetime, actor: str, action: str, member: Member | None = None, **told: str
) -> None:
    """Write a line in the transaction of the change that it tells of: both are there, or neither."""
    last = one(connection.rows("SELECT number, digest FROM fleet_audit ORDER BY number DESC LIMIT 1"))
    row = {
        "number": 1 if last is None else last["number"] + 1,
        "time": number(now),
        "actor": actor,
        "action": action,
        "vantage": member.vantage if member else "",
        "key": member.key if member else "",
        "said": "",
    } | told
    connection.do(
        "INSERT INTO fleet_audit VALUES (:number, :time, :actor, :action, :vantage, :key, :said, :digest)",
        **row,
        digest=_digest("" if last is None else last["digest"], row),
    )


def entries(database: Database, *, vantage: str | None = None) -> tuple[Entry, ...]:
    """The lines, oldest first; those of one vantage point where it is named."""
    rows = database.read(lambda connection: connection.rows("SELECT * FROM fleet_audit ORDER BY number"))
    return tuple(
        Entry(**{**row, "time": time(row["time"])}) for row in rows if vantage is None or row["vantage"] == vantage
    )


def broken(database: Database) -> int | None:
    """The number of the first line that is not the one that was written, or that follows a gap; None where all are."""
    before, expected = "", 1
    for row in database.read(lambda connection: connection.rows("SELECT * FROM fleet_audit ORDER BY number")):
        if row["number"] != expected or row["digest"] != _digest(before, row):
            return expected
        before, expected = row["digest"], expected + 1
    return None


def _digest(before: str, row: Row) -> str:
    facts = [row[name] for name in ("number", "time", "actor", "action", "vantage", "key", "said")]
    return hashlib.sha256(json.dumps([before, *facts]).encode()).hexdigest()

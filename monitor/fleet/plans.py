"""Plans that were signed, each once: what a vantage point was asked to measure, then and now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from monitor.fleet.database import Connection, Database, number, one


def current(
    database: Database, vantage: str, content: str, sign: Callable[[int], tuple[str, bytes]], *, now: datetime
) -> bytes:
    """The letter of the plan in force: the newest one where its `content` is the same, else a new one.

    `content` says what the plan asks for, without number and date; `sign` makes the document's SHA-256 and the letter
    of the plan with a number.
    """
    newest = database.read(lambda connection: _newest(connection, vantage))
    if newest is not None and newest[1] == content:
        return newest[2]

    def work(connection: Connection) -> bytes:
        serial, known, letter = _newest(connection, vantage) or (0, "", b"")
        if known == content:
            return letter
        sha256, letter = sign(serial + 1)
        connection.do(
            "INSERT INTO fleet_plan VALUES (:sha256, :vantage, :serial, :content, :letter, :made)",
            sha256=sha256, vantage=vantage, serial=serial + 1, content=content, letter=letter, made=number(now),
        )  # fmt: skip
        return letter

    return database.write(work)


def signed(database: Database, vantage: str, sha256: str) -> bytes | None:
    """The letter of a plan that was made for this vantage point, by its document's SHA-256 (hex)."""
    statement = "SELECT letter FROM fleet_plan WHERE sha256 = :sha256 AND vantage = :vantage"
    row = one(database.read(lambda connection: connection.rows(statement, sha256=sha256, vantage=vantage)))
    return None if row is None else bytes(row["letter"])


def _newest(connection: Connection, vantage: str) -> tuple[int, str, bytes] | None:
    statement = "SELECT serial, content, letter FROM fleet_plan WHERE vantage = :vantage ORDER BY serial DESC LIMIT 1"
    row = one(connection.rows(statement, vantage=vantage))
    return None if row is None else (row["serial"], row["content"], bytes(row["letter"]))

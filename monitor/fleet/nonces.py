"""Words that requests are signed with, each good for one time: shared by all collectors, forgotten after the window."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.fleet.database import Connection, Database, number


def take(database: Database, key: str, nonce: str, *, now: datetime, window: timedelta) -> bool:
    """Whether this key did not show this word before; from now on it has."""

    def work(connection: Connection) -> bool:
        # Twice the window: a request may be signed so far ahead of our clock, and is good until so far behind it.
        connection.do("DELETE FROM fleet_nonce WHERE time < :old", old=number(now - 2 * window))
        statement = "INSERT INTO fleet_nonce VALUES (:key, :nonce, :time) ON CONFLICT DO NOTHING"
        return connection.do(statement, key=key, nonce=nonce, time=number(now)) == 1

    return database.write(work)

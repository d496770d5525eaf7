"""Where a key was seen, as networks: one that is at two places at once is a copy."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.fleet import flags, members
from monitor.fleet.database import Connection, Database, number
from monitor.fleet.words import Member

BACK = timedelta(hours=1)
"""A vantage point may move; one that is back where it was within this time is either two, or has two uplinks."""
EXACT = timedelta(minutes=1)
"""How exactly it is written down when somebody was seen."""


def saw(database: Database, member: Member, network: str, *, now: datetime) -> None:
    """Write down that a key was seen in a network; two networks in turn raise the flag `two_networks`."""
    if network == member.network and member.seen is not None and abs(now - member.seen) < EXACT:
        return

    def work(connection: Connection) -> None:
        known = {
            row["network"]: row["last"]
            for row in connection.rows("SELECT network, last FROM fleet_sight WHERE key = :key", key=member.key)
        }
        newest = max(known, key=lambda name: known[name], default=network)
        if newest != network and number(now) - known.get(network, -(2**62)) <= number_of(BACK):
            flags.wave(connection, member, "two_networks", f"in turn from {newest} and {network}", now=now)
        connection.do(
            "INSERT INTO fleet_sight VALUES (:key, :network, :now, :now) "
            "ON CONFLICT (key, network) DO UPDATE SET last = excluded.last",
            key=member.key, network=network, now=number(now),
        )  # fmt: skip
        members.put(connection, member, seen=number(now), network=network)

    database.write(work)


def number_of(span: timedelta) -> int:
    """A span as microseconds."""
    return span // timedelta(microseconds=1)

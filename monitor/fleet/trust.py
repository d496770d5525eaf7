"""Whose results have no vote, and which were made by a clock that nobody can rely on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.fleet.database import Database, number, time

CLOCK_OFF = 300.0
"""Seconds: results of a clock that is more off than this take no part in `confirmed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skewed:
    """Results of one vantage point, from the first to the last of a batch, with a clock that is off or unknown."""

    vantage: str
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a review needs to know of the fleet."""

    voteless: frozenset[str] = frozenset()
    """Vantage points in quarantine: their results are kept and shown, and count for nothing."""
    skewed: tuple[Skewed, ...] = ()


def trust(database: Database, *, since: datetime | None = None) -> Trust:
    """How far the fleet can be believed, for measurements made since a time."""
    voteless = "SELECT DISTINCT vantage FROM fleet_member WHERE quarantined IS NOT NULL"
    skewed = (
        'SELECT vantage, "first", "last" FROM fleet_batch JOIN fleet_member ON fleet_member.key = fleet_batch.key '
        'WHERE skewed = 1 AND "last" >= :since ORDER BY vantage, "first"'
    )
    oldest = -(2**62) if since is None else number(since)
    return database.read(
        lambda connection: Trust(
            voteless=frozenset(row["vantage"] for row in connection.rows(voteless)),
            skewed=tuple(
                Skewed(vantage=row["vantage"], first=time(row["first"]), last=time(row["last"]))
                for row in connection.rows(skewed, since=oldest)
            ),
        )
    )

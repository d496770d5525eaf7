"""What somebody should look at: a flag says that something is odd, and takes nothing away."""

from __future__ import annotations

from datetime import datetime

from monitor.fleet import audit
from monitor.fleet.database import Connection, Database, number, time
from monitor.fleet.words import Flag, Member


def wave(connection: Connection, member: Member, kind: str, said: str, *, now: datetime) -> None:
    """Raise a flag, or count it once more; the first time it stands in the record as well."""
    statement = "UPDATE fleet_flag SET last = :now, count = count + 1, said = :said WHERE key = :key AND kind = :kind"
    if not connection.do(statement, now=number(now), said=said, key=member.key, kind=kind):
        connection.do(
            "INSERT INTO fleet_flag VALUES (:key, :kind, :now, :now, 1, :said)",
            key=member.key, kind=kind, now=number(now), said=said,
        )  # fmt: skip
        audit.note(connection, now, "collector", f"flag {kind}", member, said=said)


def every(database: Database) -> tuple[Flag, ...]:
    """Every flag that stands, by key and kind."""
    rows = database.read(lambda connection: connection.rows("SELECT * FROM fleet_flag ORDER BY key, kind"))
    return tuple(Flag(**{**row, "first": time(row["first"]), "last": time(row["last"])}) for row in rows)


def lower(database: Database, member: Member, *, now: datetime, actor: str) -> int:
    """Take a member's flags down, when somebody has looked; how many there were."""

    def work(connection: Connection) -> int:
        count = connection.do("DELETE FROM fleet_flag WHERE key = :key", key=member.key)
        if count:
            audit.note(connection, now, actor, "flags lowered", member)
        return count

    return database.write(work)

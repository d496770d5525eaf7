"""Keys and the vantage points that they speak for: who is in, who waits, who may not any more."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime

from monitor.fleet import audit
from monitor.fleet.database import Connection, Database, FleetRefusal, Row, number, one, time, time_or_none
from monitor.fleet.words import Member, Status, Token

_COLUMNS = tuple(each.name for each in fields(Member))
_TIMES = ("ended", "quarantined", "seen", "newest")
_LISTED, _VALUES = ", ".join(f'"{name}"' for name in _COLUMNS), ", ".join(f":{name}" for name in _COLUMNS)
_INSERT = f"INSERT INTO fleet_member ({_LISTED}) VALUES ({_VALUES})"  # noqa: S608 - names of ours


def every(database: Database) -> tuple[Member, ...]:
    """Every key that was ever enrolled, by vantage point and time."""
    rows = database.read(lambda connection: connection.rows("SELECT * FROM fleet_member ORDER BY vantage, enrolled"))
    return tuple(map(_member, rows))


def read(database: Database, key: str) -> Member | None:
    """The member of that key."""
    return database.read(lambda connection: find(connection, key))


def named(database: Database, vantage: str) -> Member:
    """The member that speaks for a vantage point, else the last one that did; FleetRefusal where there is none."""
    found = [each for each in every(database) if each.vantage == vantage]
    if not found:
        raise FleetRefusal(f"no vantage point {vantage[:60]!r} was ever enrolled")
    return max(found, key=lambda each: (each.live, each.enrolled))


def approve(database: Database, vantage: str, *, now: datetime, actor: str) -> Member:
    """Let a member deliver whose enrolment waits; FleetRefusal where there is nothing to approve of."""

    def work(connection: Connection) -> Member:
        member = _holder(connection, vantage)
        if member.status is not Status.PENDING:
            raise FleetRefusal(f"the vantage point {vantage} is {member.status} already")
        put(connection, member, status=Status.APPROVED.value)
        audit.note(connection, now, actor, "approved", member)
        return replace(member, status=Status.APPROVED)

    return database.write(work)


def revoke(database: Database, vantage: str, *, why: str, now: datetime, actor: str) -> Member:
    """Take a member's key away, for good; what it delivered stays."""

    def work(connection: Connection) -> Member:
        member = _holder(connection, vantage)
        put(connection, member, why=why)
        audit.note(connection, now, actor, "revoked", member, said=why)
        return end(connection, member, Status.REVOKED, now)

    return database.write(work)


def leave(database: Database, key: str, *, now: datetime) -> None:
    """A member takes leave: its key counts no more. Once it is gone, nothing more happens."""

    def work(connection: Connection) -> None:
        member = find(connection, key)
        if member is not None and member.live:
            end(connection, member, Status.GONE, now)
            audit.note(connection, now, "agent", "left", member)

    database.write(work)


def quarantine(database: Database, vantage: str, *, why: str, now: datetime, actor: str) -> Member:
    """Keep what a vantage point delivers and delivered, and take its vote away until it is released."""
    return _vote(database, vantage, "quarantined", now, why=why, now=now, actor=actor)


def release(database: Database, vantage: str, *, now: datetime, actor: str) -> Member:
    """Give a vantage point its vote back."""
    return _vote(database, vantage, "released", None, why="", now=now, actor=actor)


def agree(database: Database, member: Member, *, now: datetime) -> None:
    """Keep what a member's operator agrees to from now on; the one before stands in the record as a deed only."""

    def work(connection: Connection) -> None:
        put(
            connection, member,
            consent=member.consent, risk=member.risk, consented=member.consented, software=member.software,
        )  # fmt: skip
        audit.note(connection, now, "agent", "consented", member, said=f"risk text {member.risk}")

    database.write(work)


def holder(connection: Connection, vantage: str) -> Member | None:
    """Who speaks for a vantage point now."""
    rows = connection.rows("SELECT * FROM fleet_member WHERE vantage = :vantage", vantage=vantage)
    return next((member for member in map(_member, rows) if member.live), None)


def find(connection: Connection, key: str) -> Member | None:
    """The member of that key."""
    row = one(connection.rows("SELECT * FROM fleet_member WHERE key = :key", key=key))
    return None if row is None else _member(row)


def add(connection: Connection, member: Member, token: Token, status: Status, before: Member | None) -> Member:
    """Keep a new member in the place that an invitation gives it; a quarantine outlives the key `before`."""
    made = replace(
        member,
        vantage=token.vantage,
        country=token.country,
        network=token.network if member.network == "AS0" else member.network,
        role=token.role,
        status=status,
        quarantined=before.quarantined if before else None,
        why=before.why if before else "",
    )
    connection.do(_INSERT, **_row(made))
    return made


def end(connection: Connection, member: Member, status: Status, now: datetime) -> Member:
    """Write down that a key counts no more, and how that came."""
    put(connection, member, status=status.value, ended=number(now))
    return replace(member, status=status, ended=now)


def _vote(
    database: Database, vantage: str, action: str, quarantined: datetime | None, *, why: str, now: datetime, actor: str
) -> Member:
    def work(connection: Connection) -> Member:
        rows = connection.rows("SELECT * FROM fleet_member WHERE vantage = :vantage", vantage=vantage)
        if not rows:
            raise FleetRefusal(f"no vantage point {vantage[:60]!r} was ever enrolled")
        if all((row["quarantined"] is None) is (quarantined is None) for row in rows):
            raise FleetRefusal(f"the vantage point {vantage} is {action if quarantined else 'not quarantined'} already")
        member = max(map(_member, rows), key=lambda each: (each.live, each.enrolled))
        for each in map(_member, rows):  # keys that were rotated spoke for the same place
            put(connection, each, quarantined=None if quarantined is None else number(quarantined), why=why)
        audit.note(connection, now, actor, action, member, said=why)
        return replace(member, quarantined=quarantined, why=why)

    return database.write(work)


def _holder(connection: Connection, vantage: str) -> Member:
    found = holder(connection, vantage)
    if found is None:
        raise FleetRefusal(f"no vantage point {vantage[:60]!r} has a key that holds")
    return found


def put(connection: Connection, member: Member, **values: object) -> None:
    """Write other values into a member's columns."""
    changes = ", ".join(f'"{name}" = :{name}' for name in values)
    connection.do(f"UPDATE fleet_member SET {changes} WHERE key = :key", key=member.key, **values)  # noqa: S608 - names of ours


def _row(member: Member) -> dict[str, object]:
    row = {name: getattr(member, name) for name in _COLUMNS}
    times = {name: None if row[name] is None else number(row[name]) for name in _TIMES}
    return row | times | {"enrolled": number(member.enrolled), "status": member.status.value}


def _member(row: Row) -> Member:
    times = {name: time_or_none(row[name]) for name in _TIMES}
    return Member(**{**row, **times, "enrolled": time(row["enrolled"]), "status": Status(row["status"])})

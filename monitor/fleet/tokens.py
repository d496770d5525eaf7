"""Invitations: told once, kept as a hash, for one vantage point, used one time, until a day."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import fields
from datetime import datetime

from monitor.fleet import audit, members
from monitor.fleet.database import Connection, Database, FleetRefusal, Row, number, one, time, time_or_none
from monitor.fleet.words import Member, Status, Token

PREFIX = "pct_"
"""Marks a token of ours, so that scanners of repositories find one that was left in a file."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_INSERT = (
    "INSERT INTO fleet_token VALUES "
    "(:digest, :vantage, :country, :network, :role, :approved, :made, :expires, :replaces, NULL, NULL)"
)


def issue(database: Database, token: Token, *, actor: str) -> str:
    """Keep an invitation; the secret is returned, and nowhere else.

    FleetRefusal where the vantage point has a key that holds (and this is no rotation), or its name is none.
    """
    if not _NAME.fullmatch(token.vantage):
        raise FleetRefusal("a vantage point's id is made of a-z, 0-9 and -, at most 40 of them")
    secret = PREFIX + secrets.token_urlsafe(32)

    def work(connection: Connection) -> None:
        holder = members.holder(connection, token.vantage)
        if holder is not None and holder.key != token.replaces:
            raise FleetRefusal(
                f"the vantage point {token.vantage} is enrolled already: `presscanary fleet rotate {token.vantage}` "
                "lets its operator make a new key"
            )
        if holder is None and token.replaces:
            raise FleetRefusal(f"the vantage point {token.vantage} has no key that holds")
        row = {each.name: getattr(token, each.name) for each in fields(token) if each.name != "used"}
        times = {"made": number(token.made), "expires": number(token.expires), "approved": int(token.approved)}
        connection.do(_INSERT, digest=digest(secret), **(row | times))
        said = f"{token.role}, until {token.expires:%Y-%m-%d}{', approved in advance' if token.approved else ''}"
        audit.note(connection, token.made, actor, "token", vantage=token.vantage, key=token.replaces, said=said)

    database.write(work)
    return secret


def find(database: Database, secret: str, *, now: datetime) -> Token | None:
    """The invitation that a secret is of, where it can still be used; None for any other."""
    found = database.read(lambda connection: _row(connection, secret))
    return None if found is None or not _holds(found, now) else _token(found)


def enrol(database: Database, secret: str, member: Member, *, now: datetime) -> Member:
    """Use an invitation up for a key, and keep the member that it makes.

    The place, role and status of `member` are put in from the invitation. The same secret with the same key again
    gives the same member; FleetRefusal for an invitation that is unknown, used up or too old, or a key that is known.
    """

    def work(connection: Connection) -> Member:
        found = _row(connection, secret)
        known = members.find(connection, member.key)
        if found is not None and known is not None and found["key"] == member.key and known.live:
            return known
        if found is None or not _holds(found, now) or known is not None:
            raise FleetRefusal("the token is unknown, used up or too old, or the key was enrolled before")
        return _enrol(connection, found, member, now)

    return database.write(work)


def _enrol(connection: Connection, found: Row, member: Member, now: datetime) -> Member:
    token = _token(found)
    holder = members.holder(connection, token.vantage)
    if holder is not None:
        if holder.key != token.replaces:
            raise FleetRefusal("another key speaks for this vantage point")
        members.end(connection, holder, Status.REPLACED, now)
        audit.note(connection, now, "agent", "replaced", holder, said="its key was rotated")
    made = members.add(
        connection,
        member,
        token,
        Status.APPROVED if token.approved else Status.PENDING,
        holder,
    )
    connection.do(
        "UPDATE fleet_token SET used = :now, key = :key WHERE digest = :digest",
        now=number(now), key=made.key, digest=found["digest"],
    )  # fmt: skip
    audit.note(connection, now, "agent", "enrolled", made, said=f"{made.status}, risk text {made.risk}")
    return made


def digest(secret: str) -> str:
    """What is kept of a secret; tokens have 256 random bits, so that one hash is enough."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _row(connection: Connection, secret: str) -> Row | None:
    return one(connection.rows("SELECT * FROM fleet_token WHERE digest = :digest", digest=digest(secret)))


def _holds(row: Row, now: datetime) -> bool:
    return row["used"] is None and number(now) < row["expires"]


def _token(row: Row) -> Token:
    told = {name: row[name] for name in ("vantage", "country", "network", "role", "replaces")}
    return Token(
        **told,
        approved=bool(row["approved"]),
        made=time(row["made"]),
        expires=time(row["expires"]),
        used=time_or_none(row["used"]),
    )

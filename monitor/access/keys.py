"""Keys for programs: told once, kept as a hash, for some resources or all, until a day."""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.access import audit
from monitor.access.database import AccessError, Database, number, time
from monitor.access.sessions import digest
from monitor.access.words import GIVEN, Key, UserRole

PREFIX = "pck_"
"""Marks a key of ours, so that scanners of repositories find one that was left in a file."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_USED = timedelta(hours=1)


def keys(database: Database) -> tuple[Key, ...]:
    """Every key that was ever made, by name."""
    with database.reading() as connection:
        rows = () if connection is None else connection.execute("SELECT * FROM key ORDER BY name").fetchall()
    return tuple(map(_key, rows))


def add(
    database: Database,
    name: str,
    role: UserRole,
    scopes: Sequence[str],
    expires: datetime,
    *,
    now: datetime,
    actor: str,
) -> str:
    """A new key's secret; AccessError where the name is taken or none, or the key would never hold."""
    if not _NAME.fullmatch(name):
        raise AccessError(f"a key's name is made of a-z, 0-9 and . _ -, at most 63 of them, found {name[:80]!r}")
    if role not in GIVEN:
        raise AccessError(f"a key is for a {' or '.join(each.word for each in GIVEN)}, not {role.word}")
    if expires <= now:
        raise AccessError("a key must expire later than now")
    secret = PREFIX + secrets.token_urlsafe(32)
    row = (name, digest(secret), role, " ".join(scopes), number(now), number(expires))
    with database.changing() as connection:
        if connection.execute("SELECT 1 FROM key WHERE name = ?", (name,)).fetchone():
            raise AccessError(f"there is a key {name} already; names of keys are not used twice")
        connection.execute("INSERT INTO key VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)", row)
        audit.note(connection, now, actor, "key.add", f"{name} {role.word} {' '.join(scopes) or 'all'}")
    return secret


def revoke(database: Database, name: str, *, now: datetime, actor: str) -> None:
    """End a key now; it stays in the list. AccessError where there is no such key, or it is revoked already."""
    with database.changing() as connection:
        row = connection.execute("SELECT revoked FROM key WHERE name = ?", (name,)).fetchone()
        if row is None or row["revoked"] is not None:
            raise AccessError(f"there is no key {name[:80]!r} that holds")
        connection.execute("UPDATE key SET revoked = ? WHERE name = ?", (number(now), name))
        audit.note(connection, now, actor, "key.revoke", name)


def find(database: Database, secret: str, *, now: datetime) -> Key | None:
    """The key that a secret is of; None where it is none, expired or revoked."""
    with database.reading() as connection:
        row = connection and connection.execute("SELECT * FROM key WHERE digest = ?", (digest(secret),)).fetchone()
    if not row or row["revoked"] is not None or number(now) >= row["expires"]:
        return None
    if row["used"] is None or number(now - _USED) >= row["used"]:
        with database.changing() as connection:
            connection.execute("UPDATE key SET used = ? WHERE name = ?", (number(now), row["name"]))
    return _key(row)


def _key(row: sqlite3.Row) -> Key:
    return Key(
        name=row["name"],
        role=UserRole(row["role"]),
        scopes=tuple(row["scopes"].split()),
        created=time(row["created"]),
        expires=time(row["expires"]),
        revoked=None if row["revoked"] is None else time(row["revoked"]),
        used=None if row["used"] is None else time(row["used"]),
    )

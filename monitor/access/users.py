"""Users: added, removed and given passwords from the command line; they sign in on the page."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from datetime import datetime

from monitor.access import audit, throttle, totp
from monitor.access.database import AccessError, Database, number, time
from monitor.access.password import checked, fits, hashed
from monitor.access.words import GIVEN, User, UserRole

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}", re.ASCII)


def users(database: Database) -> tuple[User, ...]:
    """Everybody who may sign in, by name."""
    with database.reading() as connection:
        found = () if connection is None else connection.execute("SELECT * FROM user ORDER BY name").fetchall()
    return tuple(
        User(name=row["name"], role=UserRole(row["role"]), created=time(row["created"]), totp=row["totp"] is not None)
        for row in found
    )


def add(database: Database, name: str, role: UserRole, password: str, *, now: datetime, actor: str) -> None:
    """Let somebody sign in; AccessError where the name is taken, or is none, or the password is none."""
    if not _NAME.fullmatch(name):
        raise AccessError(f"a user's name is made of a-z, 0-9 and . _ @ -, at most 63 of them, found {name[:80]!r}")
    if role not in GIVEN:
        raise AccessError(f"a user is {' or '.join(each.word for each in GIVEN)}, not {role.word}")
    kept = hashed(checked(password))
    with database.changing() as connection:
        if _known(connection, name) is not None:
            raise AccessError(f"there is a user {name} already: give another password with `presscanary user passwd`")
        row = (name, role, kept, number(now))
        connection.execute("INSERT INTO user (name, role, password, created) VALUES (?, ?, ?, ?)", row)
        audit.note(connection, now, actor, "user.add", f"{name} {role.word}")


def remove(database: Database, name: str, *, now: datetime, actor: str) -> None:
    """Take somebody's access away, and end their sessions at once; AccessError where there is no such user."""
    with database.changing() as connection:
        _expect(connection, name)
        connection.execute("DELETE FROM user WHERE name = ?", (name,))
        audit.note(connection, now, actor, "user.remove", name)


def passwd(database: Database, name: str, password: str, *, now: datetime, actor: str) -> None:
    """Give another password; sessions that were begun with the old one end."""
    kept = hashed(checked(password))
    with database.changing() as connection:
        _expect(connection, name)
        connection.execute("UPDATE user SET password = ? WHERE name = ?", (kept, name))
        connection.execute("DELETE FROM session WHERE user = ?", (name,))
        throttle.forget(connection, name)
        audit.note(connection, now, actor, "user.passwd", name)


def set_totp(database: Database, name: str, secret: str | None, *, now: datetime, actor: str) -> None:
    """Ask for a code beside the password from now on, or (without a secret) no longer."""
    with database.changing() as connection:
        _expect(connection, name)
        connection.execute("UPDATE user SET totp = ?, step = 0 WHERE name = ?", (secret, name))
        connection.execute("DELETE FROM session WHERE user = ?", (name,))
        audit.note(connection, now, actor, "user.totp", f"{name} {'off' if secret is None else 'on'}")


def sign_in(database: Database, name: str, password: str, given: str, *, now: datetime) -> User | None:
    """Who this is; None where name, password or code are wrong, or too many were wrong before.

    A refusal says nothing of which it was and takes as long for a name that does not exist; refusals are counted.
    """
    with database.reading() as connection:
        if connection is None or throttle.waiting(connection, name, now):
            return None
        row = _known(connection, name)
    right = fits(password, None if row is None else row["password"])
    with database.changing() as connection:
        late = throttle.waiting(connection, name, now)  # many may have been compared at once
        user = _by_code(connection, name, given, now) if right and not late else None
        if user is None:
            throttle.count(connection, name, now)
            audit.note(connection, now, named(row, name), "sign-in.refused")
        else:
            throttle.forget(connection, name)
            audit.note(connection, now, name, "sign-in")
    return user


def named(row: sqlite3.Row | None, name: str) -> str:
    """A known user's name; a hash of an unknown one, which may be a password that was typed into the wrong field."""
    return name if row is not None else f"unknown:{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:8]}"


def _by_code(connection: sqlite3.Connection, name: str, given: str, now: datetime) -> User | None:
    row = _known(connection, name)  # read again: it may have been removed while the password was compared
    if row is None:
        return None
    if row["totp"] is not None:
        step = totp.accepted(row["totp"], given, now, row["step"])
        if step is None:
            return None
        connection.execute("UPDATE user SET step = ? WHERE name = ?", (step, name))
    return User(name=name, role=UserRole(row["role"]), created=time(row["created"]), totp=row["totp"] is not None)


def _known(connection: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = connection.execute("SELECT * FROM user WHERE name = ?", (name,)).fetchone()
    return found


def _expect(connection: sqlite3.Connection, name: str) -> None:
    if _known(connection, name) is None:
        raise AccessError(f"there is no user {name[:80]!r}")

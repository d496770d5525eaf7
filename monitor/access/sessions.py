"""Sessions: a random secret in a cookie; here only its hash, the user, and when it ends."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from monitor.access import audit
from monitor.access.database import Database, number, time
from monitor.access.words import Session, User, UserRole

LENGTH = timedelta(hours=12)
"""A session ends after a working day …"""
IDLE = timedelta(hours=2)
"""… or when nothing was asked for that long."""
_SEEN = timedelta(minutes=5)
"""How exactly it is known when something was asked for: not every look is a write."""


def begin(database: Database, user: User, *, now: datetime) -> str:
    """A new session's secret, for the cookie; sessions that are over are cleared away."""
    secret = secrets.token_urlsafe(32)
    row = (digest(secret), user.name, secrets.token_urlsafe(32), number(now + LENGTH), number(now))
    with database.changing() as connection:
        connection.execute("DELETE FROM session WHERE expires <= ? OR seen <= ?", (number(now), number(now - IDLE)))
        connection.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?)", row)
    return secret


def find(database: Database, secret: str, *, now: datetime) -> Session | None:
    """The session that a cookie's secret opens; None where it is over, ended, or never was."""
    with database.reading() as connection:
        row = (
            connection
            and connection.execute(
                "SELECT session.*, role FROM session JOIN user ON user.name = session.user WHERE digest = ?",
                (digest(secret),),
            ).fetchone()
        )
    if not row or number(now) >= row["expires"] or number(now - IDLE) >= row["seen"]:
        return None
    if number(now - _SEEN) >= row["seen"]:
        with database.changing() as connection:
            connection.execute("UPDATE session SET seen = ? WHERE digest = ?", (number(now), row["digest"]))
    return Session(
        user=row["user"],
        role=UserRole(row["role"]),
        form_token=row["form_token"],
        expires=time(row["expires"]),
    )


def end(database: Database, secret: str, *, now: datetime) -> None:
    """Sign out; a session that is not there is no fault."""
    with database.changing() as connection:
        row = connection.execute("SELECT user FROM session WHERE digest = ?", (digest(secret),)).fetchone()
        if row is not None:
            connection.execute("DELETE FROM session WHERE digest = ?", (digest(secret),))
            audit.note(connection, now, row["user"], "sign-out")


def digest(secret: str) -> str:
    """What is kept of a secret of 256 random bits: it cannot be guessed, so a plain hash is enough."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()

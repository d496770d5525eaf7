"""The words of this room: roles, visitors, users, keys, sessions, and entries of the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class UserRole(IntEnum):
    """How much somebody may see; who may see more may see all that is below."""

    NOBODY = 0
    """Nothing but the door."""
    PUBLIC = 1
    """Events that are likely or confirmed, and what follows from them."""
    VIEWER = 2
    """Everything that was measured."""
    OPERATOR = 3
    """That, and who has access and what they did."""

    @property
    def word(self) -> str:
        """The role as it is written."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> UserRole:
        """The role of that word; ValueError where there is none."""
        try:
            return cls[word.upper()]
        except KeyError as fault:
            raise ValueError(word) from fault


GIVEN = (UserRole.VIEWER, UserRole.OPERATOR)
"""Roles that a user or key can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whoever stands behind a request."""

    role: UserRole
    name: str = ""
    """A user's name, or `key:` and a key's name; empty for whom we do not know."""
    scopes: frozenset[str] = frozenset()
    """Resources of the API that a key is for; empty: all."""
    form_token: str = ""
    """What a form of this visitor's session must send back (CSRF)."""


ANONYMOUS = Visitor(role=UserRole.NOBODY)
EVERYONE = Visitor(role=UserRole.OPERATOR)
"""The visitor where nobody has to sign in: the page of one's own machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in."""

    name: str
    role: UserRole
    created: datetime
    totp: bool
    """Whether a code is asked for beside the password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a program shows instead of a user; its secret is told once, and only its hash is kept."""

    name: str
    role: UserRole
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime
    revoked: datetime | None
    used: datetime | None
    """When it was last shown, to the hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A sign-in that holds; the secret in its cookie is kept as a hash only."""

    user: str
    role: UserRole
    form_token: str
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the record: who did what; no address, no secret."""

    number: int
    time: datetime
    actor: str
    action: str
    subject: str
    digest: str
    """SHA-256 (hex) over this line and the digest of the line before."""

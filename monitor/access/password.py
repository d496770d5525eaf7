"""Passwords: argon2id (RFC 9106), with the parameters that OWASP names for servers."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING

from monitor.access.database import AccessError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 12
"""Characters (NIST SP 800-63B asks for 8 at least, and 15 where nothing else is asked for)."""
LONGEST = 1024
"""Characters that are hashed; more would only keep the machine busy."""
_MEMORY = 19_456
_TIMES = 2
"""OWASP's password storage cheat sheet: 19 MiB, 2 passes, 1 lane."""
_ONE_AT_A_TIME = threading.Lock()
"""Guessing from many sides at once takes one core and 19 MiB, never all of them."""


@cache
def _hasher() -> PasswordHasher:
    try:
        from argon2 import PasswordHasher  # noqa: PLC0415 - the extra `web` may be absent
    except ModuleNotFoundError as fault:
        raise AccessError("passwords need the extra `web`: pip install 'presscanary[web]'") from fault
    return PasswordHasher(time_cost=_TIMES, memory_cost=_MEMORY, parallelism=1)


def checked(password: str) -> str:
    """The password itself; AccessError where it is too short or too long to be one."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccessError(f"a password has {SHORTEST} to {LONGEST} characters, this one has {len(password)}")
    return password


def hashed(password: str) -> str:
    """What is kept in a password's place, with its own salt."""
    with _ONE_AT_A_TIME:
        return _hasher().hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Whether the password is the one that was hashed; without a hash it takes as long, and is not."""
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - see above

    with _ONE_AT_A_TIME:
        try:
            return _hasher().verify(kept or _nobody(), password[:LONGEST]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobody() -> str:
    """A hash of no password, so that unknown names take as long as known ones."""
    return _hasher().hash("")

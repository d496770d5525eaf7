"""The shared secret that opens the echo server's answers."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "PRESSCANARY_ECHO_TOKEN"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
"""What may stand in a path without being encoded, and too long to be guessed."""


class TokenError(ValueError):
    """There is no usable token; the message says why, and never what was found."""


def read_token(file: Path | None, environment: Mapping[str, str]) -> str:
    """The token from a file's first line or, where no file is named, from `PRESSCANARY_ECHO_TOKEN`; TokenError else.

    >>> read_token(None, {"PRESSCANARY_ECHO_TOKEN": "not-a-real-one-7"})
    'not-a-real-one-7'
    """
    if file is None:
        if VARIABLE not in environment:
            raise TokenError(f"no token: name a file with --token-file, or set {VARIABLE}")
        return _checked(environment[VARIABLE], VARIABLE)
    try:
        with file.open(encoding="ascii") as opened:
            first = opened.readline(1024)
    except (OSError, UnicodeDecodeError) as fault:
        raise TokenError(f"{file}: {getattr(fault, 'strerror', None) or 'not a text file'}") from fault
    return _checked(first, str(file))


def _checked(text: str, source: str) -> str:
    if not _TOKEN.fullmatch(text.strip()):
        raise TokenError(f"{source}: a token is 16 to 128 letters, digits, - and _ (try: openssl rand -hex 24)")
    return text.strip()


def same(given: str, token: str) -> bool:
    """Whether two tokens are the same, in a time that does not tell how much of them is.

    >>> same("not-a-real-one-7", "not-a-real-one-7"), same("", "not-a-real-one-7")
    (True, False)
    """
    return hmac.compare_digest(given.encode(errors="replace"), token.encode())

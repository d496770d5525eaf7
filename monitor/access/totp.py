"""One-time codes by the clock (TOTP, RFC 6238: HMAC-SHA-1, 6 digits, 30 seconds), as every authenticator app makes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

PERIOD = 30
DIGITS = 6
_LEEWAY = 1
"""Steps before and after the present one that count, for clocks that differ (RFC 6238 §5.2)."""


def new_secret() -> str:
    """160 random bits in base32 (RFC 4226 §4: as long as the hash)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code(secret: str, step: int) -> str:
    """The code of a step (RFC 4226 §5.3).

    >>> code(base64.b32encode(b"12345678901234567890").decode(), 1)
    '287082'
    """
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 0x0F
    value = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return str(value % 10**DIGITS).zfill(DIGITS)


def accepted(secret: str, given: str, now: datetime, used: int) -> int | None:
    """The step that a code is of, near enough to `now` and later than the step that was `used`; None where it is none.

    A code works once, so that who looks over a shoulder cannot use it again.
    """
    present = int(now.timestamp()) // PERIOD
    steps = range(max(present - _LEEWAY, used + 1), present + _LEEWAY + 1)
    plain = given.strip().replace(" ", "").encode(errors="replace")
    return next((step for step in steps if hmac.compare_digest(code(secret, step).encode(), plain)), None)


def address(secret: str, name: str) -> str:
    """The otpauth address that authenticator apps read.

    >>> address("ABC", "aida")
    'otpauth://totp/Press%20Canary:aida?secret=ABC&issuer=Press+Canary'
    """
    return f"otpauth://totp/{quote(f'Press Canary:{name}', safe=':')}?" + urlencode(
        {"secret": secret, "issuer": "Press Canary"}
    )

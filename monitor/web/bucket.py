"""How often somebody may ask: a token bucket each, in memory, for as many as fit."""

from __future__ import annotations

import hashlib
import math
import secrets
import threading
from datetime import datetime

_MOST = 10_000
"""Buckets that are kept; beyond, those that are full anyway are forgotten, and then the oldest."""


class Buckets:
    """One bucket per name. State: name -> (tokens left, when that was counted)."""

    def __init__(self) -> None:
        self._left: dict[bytes, tuple[float, datetime]] = {}
        self._salt = secrets.token_bytes(16)
        """Names may be addresses: only keyed hashes are kept, and the key goes with the process."""
        self._gate = threading.Lock()

    def take(self, name: str, per_minute: int, now: datetime) -> int:
        """Take one token: 0 where there was one, else the seconds until there is one again.

        A bucket holds what half a minute brings, at least one.
        """
        key = hashlib.blake2b(name.encode(errors="replace"), key=self._salt, digest_size=16).digest()
        pace, most = per_minute / 60, max(per_minute / 2, 1.0)
        with self._gate:
            left, counted = self._left.pop(key, (most, now))
            left = min(most, left + max((now - counted).total_seconds(), 0.0) * pace)
            enough = left >= 1
            self._left[key] = (left - 1 if enough else left, now)
            while len(self._left) > _MOST:
                self._left.pop(next(iter(self._left)))
        return 0 if enough else math.ceil((1 - left) / pace)

"""How much one visitor, and all of them together, may ask of the echo server; kept in memory and nowhere else."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address, ip_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Hard bounds; the defaults carry a few hundred vantage points on the smallest machine."""

    connections: int = 256
    """At the same time; one more is closed at once."""
    rate: float = 2.0
    """Connections a second that one address may make for long …"""
    burst: float = 60.0
    """… and at once. Beyond it requests are answered 429: a reset would look like a censor's."""
    drop_after: float = 60.0
    """So far beyond `burst` a connection is closed before anything is done for it: nobody can take all places."""
    seconds: float = 60.0
    """A connection's whole life; a throttled object of 128 KiB at 20 kbit/s takes 52 s."""
    head_seconds: float = 10.0
    """From the first byte to the whole request, handshake included."""
    request: int = 16 * 1024
    """Bytes of a request's head; its body is not read."""
    peers: int = 8192
    """Addresses that are remembered; the one that was quiet longest is forgotten first."""


class Admission(Enum):
    """What a new connection may have."""

    SERVE = "serve"
    LIMIT = "limit"
    DROP = "drop"


class Gate:
    """A leaky bucket per address (IPv6: per /64); addresses are held as keyed hashes, the key dies with the process."""

    def __init__(self, bounds: Bounds, now: Callable[[], float]) -> None:
        self._bounds = bounds
        self._now = now
        self._key = secrets.token_bytes(32)
        self._levels: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def admit(self, address: str) -> Admission:
        """Count one connection from `address`, and say what it may have."""
        key, now = self._hashed(address), self._now()
        level, since = self._levels.pop(key, (0.0, now))
        level = max(0.0, level - (now - since) * self._bounds.rate)
        limit = self._bounds.burst + self._bounds.drop_after
        self._levels[key] = (min(level + 1, limit + 1), now)
        if len(self._levels) > self._bounds.peers:
            self._levels.popitem(last=False)
        if level + 1 <= self._bounds.burst:
            return Admission.SERVE
        return Admission.LIMIT if level + 1 <= limit else Admission.DROP

    def _hashed(self, address: str) -> bytes:
        return hashlib.blake2b(_network(address).encode(), key=self._key, digest_size=16).digest()


def _network(address: str) -> str:
    """Whom an address belongs to: IPv6 is given out in /64 at the least (RFC 6177).

    >>> _network("2001:db8::1") == _network("2001:db8::ffff"), _network("192.0.2.7"), _network("?")
    (True, '192.0.2.7', '?')
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped is not None else f"/64:{int(parsed) >> 64:x}"
    return str(parsed)

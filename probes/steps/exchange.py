"""One HTTP request and its response as both versions of the protocol share them, with the bounds that hold for both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from probes.failure import NamedError, unknown

RawHeaders: TypeAlias = tuple[tuple[bytes, bytes], ...]

CHUNK = 65536
"""How much is read from a connection at a time."""
HEADER_BYTES = 65536
"""Response headers together; browsers stop at 256 KiB (Chrome) and servers of the web stay far below this."""
HEADER_COUNT = 256
"""Response header lines; a page that needs more is hostile."""
INTERIM_COUNT = 16
"""Interim (1xx) responses before the real one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request on its way: `authority` is the Host, `target` path and query."""

    method: bytes
    scheme: bytes
    authority: bytes
    target: bytes
    headers: RawHeaders
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Status and headers of a response, and the protocol it came in (`HTTP/1.1`, `HTTP/2`)."""

    status: int
    protocol: str
    headers: RawHeaders

    def value(self, name: bytes) -> str | None:
        """What the header `name` (in small letters) says, several of them joined by commas (RFC 9110 §5.3); or None.

        >>> Head(status=200, protocol="HTTP/1.1", headers=((b"Vary", b"cookie"), (b"vary", b"dnt"))).value(b"vary")
        'cookie, dnt'
        """
        values = [value for each, value in self.headers if len(each) == len(name) and each.lower() == name]
        return text_of(b", ".join(values)) if values else None

    @property
    def success(self) -> bool:
        """Whether the status is one of success (RFC 9110 §15.3)."""
        return 200 <= self.status <= 299


def text_of(raw: bytes) -> str:
    """A header's bytes as text: UTF-8 where they are that, Latin-1 else (RFC 9110 §5.5).

    >>> text_of("Клооп".encode()), text_of(b"caf\\xe9")
    ('Клооп', 'café')
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


class Exchange(Protocol):
    """One request on one connection. Both calls may raise OSError, NamedError, or the protocol library's own error."""

    async def ask(self, request: Outgoing) -> Head:
        """Send the request and return the head of the final response."""

    async def chunk(self) -> bytes:
        """The next bytes of the body as they arrive, not decompressed; empty where the response ends."""


def bounded(headers: RawHeaders) -> RawHeaders:
    """The headers as they came; NamedError where there are too many of them.

    >>> bounded(((b"server", b"x"),))
    ((b'server', b'x'),)
    """
    if len(headers) > HEADER_COUNT:
        raise NamedError(unknown(f"more than {HEADER_COUNT} response headers"))
    return headers

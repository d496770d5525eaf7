"""Reading a connection's first data as a censor does: the server name of a ClientHello, the Host of a request."""

from __future__ import annotations

from probes.testing.censor import FirstFlight

_LONGEST = 16 * 1024
"""Data that is neither a whole ClientHello nor a whole request head by then is judged as it stands."""

_HANDSHAKE_RECORD = 0x16  # RFC 8446 §5.1
_CLIENT_HELLO = 1  # RFC 8446 §4
_SERVER_NAME = 0  # RFC 6066 §3


class _ShortError(Exception):
    """The bytes end before the message does."""


class _Cursor:
    """Reads big-endian fields off the front of some bytes; `_ShortError` where they end too early."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def take(self, count: int) -> bytes:
        if len(self._rest) < count:
            raise _ShortError
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def take_all(self) -> bytes:
        return self.take(len(self._rest))

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> _Cursor:
        """A field that is led by its own length (RFC 8446 §3.4)."""
        return _Cursor(self.take(self.number(width)))

    def __bool__(self) -> bool:
        return bool(self._rest)


def read_flight(data: bytes, *, ended: bool = False) -> FirstFlight | None:
    """What the first data of a connection tell; None where more has to arrive first, unless the data have `ended`.

    >>> read_flight(b"GET / HTTP/1.1\\r\\nHost: Example.org:80\\r\\n\\r\\n").host
    'example.org'
    >>> read_flight(b"GET / HTT")
    """
    try:
        if data[:1] == bytes([_HANDSHAKE_RECORD]):
            return FirstFlight(raw=data, server_name=_server_name(data))
        if b"\r\n\r\n" in data:
            return FirstFlight(raw=data, host=_host(data))
    except _ShortError:
        pass
    return FirstFlight(raw=data) if ended or len(data) >= _LONGEST else None


def _host(request: bytes) -> str | None:
    for line in request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"host":
            return bare_host(value.decode("latin-1"))
    return None


def bare_host(host: str) -> str:
    """A Host header's value as a name: lower case, without its port.

    >>> bare_host(" News.example:8080"), bare_host("[2001:db8::1]:80")
    ('news.example', '2001:db8::1')
    """
    host = host.strip().lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _server_name(data: bytes) -> str | None:
    hello = _Cursor(_handshake(data))
    if hello.number(1) != _CLIENT_HELLO:
        return None
    body = hello.vector(3)
    body.take(2 + 32)  # version and random
    for width in (1, 2, 1):  # session id, cipher suites, compression methods
        body.vector(width)
    extensions = body.vector(2) if body else _Cursor(b"")
    while extensions:
        kind, content = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            entry = content.vector(2)
            entry.take(1)  # the only name type there is: host_name
            return entry.vector(2).take_all().decode("latin-1").lower()
    return None


def _handshake(data: bytes) -> bytes:
    """The handshake bytes of leading TLS records put together: a ClientHello may be cut into several."""
    records, message = _Cursor(data), b""
    while records and not _whole(message):
        if records.number(1) != _HANDSHAKE_RECORD:
            break
        records.take(2)
        message += records.vector(2).take_all()
    return message


def _whole(message: bytes) -> bool:
    return len(message) >= 4 and len(message) >= 4 + int.from_bytes(message[1:4], "big")

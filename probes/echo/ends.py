"""The server's end of a connection: plain, or TLS upon it, with a count of what went over the wire."""

from __future__ import annotations

import asyncio
import ssl
from typing import Protocol
from weakref import WeakKeyDictionary

from probes.echo.certificate import Identity

_CHUNK = 16 * 1024
_RECORD = 2 * 1024
"""A TLS record is readable only when all of it is there: small ones let a throttled client see its bytes come in."""
_LONGEST_HANDSHAKE = 64 * 1024
"""A client that sends more than this before the handshake ends is up to something."""


class End(Protocol):
    """What the HTTP conversation needs of a connection. Both calls raise OSError where it broke."""

    async def read(self) -> bytes:
        """The next bytes; none where the peer has ended."""

    async def write(self, data: bytes) -> None:
        """All of `data`."""


class PlainEnd:
    """A TCP connection; what was looked at already is read again first."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._seen = b""
        self.received = 0
        self.sent = 0

    async def peek(self) -> bytes:
        """The first bytes, which stay readable; none where the peer has ended."""
        self._seen = await self.read()
        return self._seen

    async def read(self) -> bytes:
        """The next bytes; none where the peer has ended."""
        if self._seen:
            seen, self._seen = self._seen, b""
            return seen
        data = await self._reader.read(_CHUNK)
        self.received += len(data)
        return data

    async def write(self, data: bytes) -> None:
        """All of `data`, as fast as the peer takes it."""
        self._writer.write(data)
        self.sent += len(data)
        await self._writer.drain()


class SecureEnd:
    """TLS as a server over a plain end; tells the name that the client showed."""

    def __init__(self, plain: PlainEnd, identity: Identity) -> None:
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = identity.context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        identity.context.sni_callback = _note

    @property
    def server_name(self) -> str | None:
        """The name that the client showed to the path; None where it showed none."""
        return _SHOWN.get(self._tls)

    @property
    def alpn(self) -> str:
        """The protocol that was agreed on; empty where the client offered none that we speak."""
        return self._tls.selected_alpn_protocol() or ""

    @property
    def version(self) -> str:
        """`TLSv1.3` and so on."""
        return self._tls.version() or ""

    async def handshake(self) -> None:
        """Shake hands; OSError (ssl.SSLError among them) where the client or the path broke it off."""
        before = self._plain.received
        while self._plain.received - before < _LONGEST_HANDSHAKE:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError:
                await self._flush()
                raise
            else:
                return await self._flush()
        raise ConnectionAbortedError

    async def read(self) -> bytes:
        """The next bytes in clear; none where the peer has ended."""
        while True:
            try:
                return self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def write(self, data: bytes) -> None:
        """Encrypt and send all of `data`."""
        for start in range(0, len(data), _RECORD):
            self._tls.write(data[start : start + _RECORD])
            await self._flush()

    async def _flush(self) -> None:
        if pending := self._outgoing.read():
            await self._plain.write(pending)

    async def _fill(self) -> None:
        if data := await self._plain.read():
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


_SHOWN: WeakKeyDictionary[ssl.SSLObject, str | None] = WeakKeyDictionary()
"""The callback belongs to the context, which all connections share; this leads back to the connection."""


def _note(tls: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
    assert isinstance(tls, ssl.SSLObject)
    _SHOWN[tls] = name

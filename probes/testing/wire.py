"""Connections as the lab's servers hold them: plain, under TLS, and slowed down.

Sockets are driven directly, not through asyncio's transports, because a censor must choose between RST, FIN and
silence, and because everything has to be gone when the lab closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from typing import Protocol

_CHUNK = 64 * 1024
_SLICES_PER_SECOND = 10


class Stream(Protocol):
    """What a server needs of a connection."""

    async def read(self) -> bytes:
        """The next bytes; none at all where the peer has ended. OSError where the connection broke."""

    async def write(self, data: bytes) -> None:
        """Send all of `data`; OSError where the connection broke."""


class Wire:
    """A TCP connection; what was read too early is put back with `unread`."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._early = b""

    def unread(self, data: bytes) -> None:
        """Let the next `read` give `data` (again)."""
        self._early = data + self._early

    async def read(self) -> bytes:
        """The next bytes; none where the peer has ended."""
        if self._early:
            early, self._early = self._early, b""
            return early
        return await asyncio.get_running_loop().sock_recv(self._sock, _CHUNK)

    async def write(self, data: bytes) -> None:
        """Send all of `data`."""
        await asyncio.get_running_loop().sock_sendall(self._sock, data)

    async def swallow(self) -> None:
        """Read until the peer ends, and answer nothing."""
        while await self.read():
            pass

    async def finish(self) -> None:
        """End with FIN, after everything that was sent; unread bytes would turn it into RST, so they are read first."""
        self._sock.shutdown(socket.SHUT_WR)
        await self.swallow()

    def reset(self) -> None:
        """End with RST: a close that may not linger drops what is queued (socket(7), SO_LINGER)."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()


class Slow:
    """A stream whose writes trickle: a slice each tenth of a second, so that no more than the rate goes out."""

    def __init__(self, stream: Stream, bytes_per_second: int) -> None:
        self._stream = stream
        self._slice = max(1, bytes_per_second // _SLICES_PER_SECOND)

    async def read(self) -> bytes:
        """The next bytes, as fast as they come."""
        return await self._stream.read()

    async def write(self, data: bytes) -> None:
        """Send all of `data`, slowly."""
        for start in range(0, len(data), self._slice):
            await asyncio.sleep(1 / _SLICES_PER_SECOND)
            await self._stream.write(data[start : start + self._slice])


class Frozen:
    """A stream whose writes arrive up to so many bytes; whatever comes later is lost."""

    def __init__(self, stream: Stream, after_bytes: int) -> None:
        self._stream = stream
        self._left = after_bytes

    async def read(self) -> bytes:
        """The next bytes, as they come."""
        return await self._stream.read()

    async def write(self, data: bytes) -> None:
        """Send what may still pass, and take the rest for sent."""
        passing, self._left = data[: self._left], max(0, self._left - len(data))
        if passing:
            await self._stream.write(passing)


class Secure:
    """The server's side of TLS over a stream."""

    def __init__(self, stream: Stream, context: ssl.SSLContext) -> None:
        self._stream = stream
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    async def handshake(self) -> str | None:
        """Complete the handshake and tell the protocol that was agreed on (ALPN); OSError where the peer will not."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed()
            except ssl.SSLError:
                await self._flush()
                raise
            else:
                await self._flush()
                return self._tls.selected_alpn_protocol()

    async def read(self) -> bytes:
        """The next bytes in clear; none where the peer has ended."""
        while True:
            try:
                return self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def write(self, data: bytes) -> None:
        """Encrypt and send all of `data`."""
        for start in range(0, len(data), _CHUNK):
            self._tls.write(data[start : start + _CHUNK])
            await self._flush()

    async def end(self) -> None:
        """Say `close_notify`, so that the peer can tell the end from a cut."""
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        await self._flush()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._stream.write(self._outgoing.read())

    async def _feed(self) -> None:
        data = await self._stream.read()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

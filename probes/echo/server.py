"""The echo server itself: its ports, and each connection from the first byte to the last.

Every port speaks both: a connection that begins like a TLS record gets TLS, any other HTTP in the clear. Nothing is
written anywhere, no visitor's address leaves `bounds`, and what goes wrong on a connection ends that connection.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Self

from probes.echo.answer import Reached, ask, reply, route, wire
from probes.echo.bounds import Admission, Bounds, Gate
from probes.echo.certificate import Identity
from probes.echo.ends import PlainEnd, SecureEnd

_TLS_RECORD = b"\x16"
"""ContentType handshake (RFC 8446 §5.1)."""
_TLS_RECORD_BYTES = 16 * 1024
_FAREWELL = 2.0


@dataclass(slots=True)
class Tally:
    """What was done so far: numbers only, of nobody in particular."""

    connections: int = 0
    answered: int = 0
    refused: int = 0
    """Requests without the token."""
    limited: int = 0
    broken: int = 0
    """Connections that ended before a request was there: scanners, and censors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoServer:
    """Listens between `async with` and its end, on every (host, port) pair; OSError where one cannot be had."""

    listen: Sequence[tuple[str, int]]
    quic: Sequence[tuple[str, int]] = ()
    """UDP ports on which HTTP/3 is spoken; ModuleNotFoundError where the extra `quic` is not installed."""
    token: str = field(repr=False)
    identity: Identity
    clock: Callable[[], datetime]
    bounds: Bounds = field(default_factory=Bounds)
    tally: Tally = field(default_factory=Tally)
    _servers: list[asyncio.Server] = field(default_factory=list, repr=False)
    _running: set[asyncio.Task[None]] = field(default_factory=set, repr=False)
    _datagrams: list[asyncio.DatagramTransport] = field(default_factory=list, repr=False)

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that are listened on, in the order of `listen`; useful where 0 was asked for."""
        return tuple(server.sockets[0].getsockname()[1] for server in self._servers)

    @property
    def quic_ports(self) -> tuple[int, ...]:
        """The UDP ports that are listened on, in the order of `quic`."""
        return tuple(each.get_extra_info("sockname")[1] for each in self._datagrams)

    async def __aenter__(self) -> Self:
        gate = Gate(self.bounds, asyncio.get_running_loop().time)
        free = asyncio.Semaphore(self.bounds.connections)

        def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(self._meet(gate, free, reader, writer))
            self._running.add(task)
            task.add_done_callback(partial(self._ended, writer))
            if not self._servers:  # taken while the server was stopping
                task.cancel()

        try:
            for host, port in self.listen:
                self._servers.append(await asyncio.start_server(meet, host, port, limit=self.bounds.request))
            if self.quic:
                await self._listen_to_datagrams(gate)
        except (OSError, ModuleNotFoundError):
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _listen_to_datagrams(self, gate: Gate) -> None:
        from probes.echo.quic import Answering, listen  # noqa: PLC0415 - the extra `quic` may be absent

        answering = Answering(
            gate=gate,
            token=self.token,
            seconds=self.bounds.seconds,
            connections=self.bounds.connections,
            count=self._count_datagrams,
            open=set(),
        )
        self._datagrams.extend(await listen(self.quic, self.identity.pem, answering))

    def _count_datagrams(self, status: int | None) -> None:
        self.tally.connections += 1
        self._count(429 if status is None else status)

    async def _close(self) -> None:
        for transport in self._datagrams:
            transport.close()
        self._datagrams.clear()
        for server in self._servers:
            server.close()
        closing = tuple(self._servers)
        self._servers.clear()
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for server in closing:
            await server.wait_closed()

    async def _meet(
        self, gate: Gate, free: asyncio.Semaphore, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One connection, whatever happens on it."""
        self.tally.connections += 1
        try:
            admission = gate.admit(str(writer.get_extra_info("peername")[0]))
            if admission is Admission.DROP or free.locked():
                self.tally.limited += 1
                return
            async with free, asyncio.timeout(self.bounds.seconds):
                await self._converse(PlainEnd(reader, writer), limited=admission is Admission.LIMIT)
                await _leave(reader, writer)
        except (OSError, asyncio.CancelledError):  # the peer has gone, is too slow, or the server stops
            self.tally.broken += 1

    def _ended(self, writer: asyncio.StreamWriter, task: asyncio.Task[None]) -> None:
        """Let go of a connection, also of one whose task was cancelled before it began."""
        self._running.discard(task)
        writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _converse(self, plain: PlainEnd, *, limited: bool) -> None:
        async with asyncio.timeout(self.bounds.head_seconds):
            first = await plain.peek()
            secure = SecureEnd(plain, self.identity) if first[:1] == _TLS_RECORD else None
            if secure is not None:
                await secure.handshake()
            end = secure or plain
            asked = await ask(end, self.bounds.request)
        if asked is None:
            self.tally.broken += 1
            return
        path = route(asked, self.token)
        reached = Reached(
            host=asked.host,
            path=path or "",
            tls=secure is not None,
            sni=secure.server_name if secure else None,
            alpn=secure.alpn if secure else "",
            version=secure.version if secure else "",
            received=plain.received,
            sent=plain.sent,
        )
        answer = reply(asked, path, reached, limited=limited)
        self._count(answer.status)
        await end.write(wire(answer, head_only=asked.method == "HEAD", now=self.clock()))

    def _count(self, status: int) -> None:
        match status:
            case 200:
                self.tally.answered += 1
            case 429:
                self.tally.limited += 1
            case _:
                self.tally.refused += 1


async def _leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End with FIN and wait a moment for the peer's: a close with bytes unread is a reset, and those mean something."""
    with contextlib.suppress(OSError):
        writer.write_eof()
        async with asyncio.timeout(_FAREWELL):
            while await reader.read(_TLS_RECORD_BYTES):
                pass

"""A proxy on this machine whose far side is one of the lab's networks: SOCKS 5 and HTTP CONNECT, with names looked up
there. It keeps what it was asked for, and may want a user and a password."""

from __future__ import annotations

import asyncio
import base64
import errno
from contextlib import suppress
from ipaddress import ip_address
from types import TracebackType
from typing import Self

from probes.network import Network
from probes.proxied import Proxy, Speech
from probes.testing.internet import Internet

_CHUNK = 64 * 1024
_REPLIES = {errno.ENETUNREACH: 3, errno.EHOSTUNREACH: 4, errno.ECONNREFUSED: 5}
_STATUS = {0: 200, 4: 502, 3: 502, 5: 503}


class FarSide:
    """The proxy's server; use it as an asynchronous context manager. `proxy` is what a probe needs to know."""

    def __init__(self, speech: Speech, far: Network, internet: Internet, *, user: str = "", password: str = "") -> None:
        self.asked: list[tuple[str, int]] = []
        self._far, self._internet = far, internet
        self._proxy = Proxy(speech=speech, address="127.0.0.1", port=0, user=user, password=password)
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def proxy(self) -> Proxy:
        """Where it listens, and who may use it."""
        if self._server is None:
            raise RuntimeError("the proxy is not open")
        known = self._proxy
        port = self._server.sockets[0].getsockname()[1]
        return Proxy(speech=known.speech, address=known.address, port=port, user=known.user, password=known.password)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._met, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0)  # a transport that was aborted is closed in the loop's next turn

    def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, EOFError):
                await (self._socks if self._proxy.speech == "socks5" else self._http)(reader, writer)
        finally:
            writer.transport.abort()

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        offered = await reader.readexactly(count)
        method = 2 if self._proxy.user else 0
        writer.write(bytes([5, method if method in offered else 255]))
        if method not in offered:
            return
        if method:
            told = [await reader.readexactly((await reader.readexactly(size))[-1]) for size in (2, 1)]
            right = told == [self._proxy.user.encode(), self._proxy.password.encode()]
            writer.write(bytes([1, 0 if right else 1]))
            if not right:
                return
        kind = (await reader.readexactly(4))[3]
        size = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        raw = await reader.readexactly(size)
        host = raw.decode() if kind == 3 else str(ip_address(raw))
        port = int.from_bytes(await reader.readexactly(2))
        await self._carry(host, port, reader, writer)

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        told = base64.b64encode(f"{self._proxy.user}:{self._proxy.password}".encode()).decode()
        if self._proxy.user and f"Basic {told}\r\n" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            await writer.drain()
            return
        host, _, port = head.split(" ")[1].rpartition(":")
        await self._carry(host.strip("[]"), int(port), reader, writer)

    async def _carry(self, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((host, port))
        try:
            far_reader, far_writer = await self._dial(host, port)
        except OSError as error:
            await self._say(writer, _REPLIES.get(error.errno or 0, 4))
            return
        await self._say(writer, 0)
        back = asyncio.create_task(_pour(far_reader, writer))
        try:
            while data := await reader.read(_CHUNK):
                far_writer.write(data)
                await far_writer.drain()
            await back
        finally:
            far_writer.transport.abort()
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)

    async def _dial(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        opened, target = self._far.open(self._address(host), port, "tcp")
        try:
            await asyncio.get_running_loop().sock_connect(opened, target)
        except BaseException:
            opened.close()
            raise
        return await asyncio.open_connection(sock=opened)

    def _address(self, host: str) -> str:
        try:
            return str(ip_address(host))
        except ValueError:
            found = self._internet.addresses_of(host)
        if not found:
            raise OSError(errno.EHOSTUNREACH, "no such name")
        return found[0]

    async def _say(self, writer: asyncio.StreamWriter, reply: int) -> None:
        if self._proxy.speech == "socks5":
            writer.write(bytes([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        else:
            writer.write(f"HTTP/1.1 {_STATUS[reply]} said by the lab\r\n\r\n".encode())
        await writer.drain()


async def _pour(far: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what the far side says, and its end or its reset, which a proxy shows as an end."""
    with suppress(OSError):
        while data := await far.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()

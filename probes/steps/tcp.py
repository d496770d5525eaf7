"""Opening a TCP connection to one address, and the byte stream that comes of it."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from dataclasses import dataclass
from typing import Protocol

from probes.failure import TIMEOUT, failure_of
from probes.model import Failure, TCPConnect, TCPInfo
from probes.network import Network
from probes.proxied import Proxied
from probes.steps import icmp
from probes.steps.readiness import Readiness
from probes.steps.trace import Trace
from probes.steps.tunnel import tunnel

_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)
_UNKNOWN_RTT = 0xFFFFFFFF
_AT_ONCE = struct.pack("ii", 1, 0)
"""`struct linger` (socket(7)): on, with no time to wait."""


class Channel(Protocol):
    """A connection as HTTP sees it: plain TCP, or TLS upon it. All of it may raise OSError."""

    @property
    def alpn(self) -> str:
        """The protocol that TLS negotiated (`h2`, `http/1.1`), or an empty string."""

    @property
    def peer(self) -> tuple[str, int]:
        """Logical address and port of the other side: what was asked for, not what a lab made of it."""

    async def read(self, most: int) -> bytes:
        """At least one byte and at most `most`; empty at the end of the stream."""

    async def write(self, data: bytes) -> None:
        """All of `data`, or an OSError."""

    def close(self) -> None:
        """Let go of the connection; closing twice is harmless."""


class Stream:
    """A connected TCP socket that counts its bytes."""

    alpn = ""
    tunnelled = False
    """Whether it ends at a proxy, so that what the kernel knows of it says nothing of the peer."""

    def __init__(self, connected: socket.socket, peer: tuple[str, int]) -> None:
        self._socket = connected
        self._readiness = Readiness(connected)
        self.peer = peer
        self.sent = 0
        self.received = 0

    async def read(self, most: int) -> bytes:
        """At least one byte and at most `most`; empty at the end of the stream; OSError where the connection broke."""
        try:
            data = self._socket.recv(most)  # often it is there already; the loop costs more than the call
        except BlockingIOError:
            data = await self._readiness.receive(most)
        self.received += len(data)
        return data

    async def write(self, data: bytes) -> None:
        """All of `data`; OSError where the connection broke."""
        rest = memoryview(data)
        while rest:
            try:
                sent = self._socket.send(rest)  # nearly always there is room for all of it
            except BlockingIOError:
                await self._readiness.writable()
            else:
                rest = rest[sent:]
                self.sent += sent

    @property
    def local(self) -> str:
        """The address of this side, which must not be in any record."""
        return str(self._socket.getsockname()[0])

    def info(self) -> TCPInfo | None:
        """What the kernel knows of this connection now, even after it broke; None where it does not tell."""
        return None if self.tunnelled else tcp_info(self._socket)

    def limit(self, hops: int | None) -> None:
        """Let what is written from now on reach at most `hops` routers, and report what they say; None lifts it."""
        icmp.hear(self._socket)
        icmp.limit(self._socket, hops)

    def abort(self) -> None:
        """Close with a reset, so that nothing that was not acknowledged is sent again; closing twice is harmless."""
        if self._socket.fileno() >= 0:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.close()

    def close(self) -> None:
        """Close the socket; closing twice is harmless."""
        self._readiness.close()
        self._socket.close()


@dataclass(slots=True)
class Told:
    """What routers said of an attempt to connect, and from which address of ours it was made."""

    errors: tuple[icmp.ICMPError, ...] = ()
    local: str = ""


async def dial(network: Network, address: str, port: int, told: Told | None = None) -> Stream:
    """A stream to `address`; OSError where it cannot be had. The time limit is the caller's.

    `told` is filled in with what routers said of the attempt; that is asked for only while connecting, because later it
    would let anybody's ICMP error end the connection. Behind a proxy `address` may be a name.
    """
    if isinstance(network, Proxied):
        return await _through(network, address, port)
    opened, target = network.open(address, port, "tcp")
    try:
        if told is not None:
            icmp.hear(opened)
        await reach(opened, target)
        if told is not None:
            icmp.ignore(opened)
    except BaseException:
        if told is not None:
            told.errors, told.local = icmp.errors(opened), str(opened.getsockname()[0])
        opened.close()
        raise
    return Stream(opened, (address, port))


async def _through(network: Proxied, address: str, port: int) -> Stream:
    """A stream that a proxy made; where the proxy itself cannot be reached, that is this machine's fault (ENETDOWN)."""
    opened, target = network.open(address, port, "tcp")
    stream = Stream(opened, (address, port))
    try:
        try:
            await reach(opened, target)
        except OSError:
            raise OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN)) from None
        await tunnel(stream, network.proxy, address, port)
    except BaseException:
        stream.close()
        raise
    stream.tunnelled, stream.sent, stream.received = True, 0, 0
    return stream


async def reach(opened: socket.socket, target: tuple[str, int]) -> None:
    """Connect a non-blocking socket to an address; OSError where that fails."""
    state = opened.connect_ex(target)
    if state == errno.EINPROGRESS:
        await Readiness(opened).writable()
        state = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if state:
        raise OSError(state, os.strerror(state))


async def connect(trace: Trace, address: str, port: int) -> Stream | None:
    """Connect to one address within `limits.tcp`, keep the step, and return the stream, or None where it failed."""
    started = trace.elapsed()
    failure: Failure = TIMEOUT  # stands where the whole measurement is cut short meanwhile
    stream: Stream | None = None
    told = Told() if trace.thorough else None
    try:
        async with asyncio.timeout(trace.limits.tcp):
            stream = await dial(trace.network, address, port, told)
        trace.own.learn(stream.local)
        failure = None
    except OSError as error:
        failure = failure_of(error)
    finally:
        trace.keep(
            TCPConnect(
                hop=trace.hop,
                address=address,
                port=port,
                started=started,
                duration=trace.elapsed() - started,
                failure=failure,
                tcp_info=stream.info() if stream else None,
                purpose=trace.purpose,
                icmp=told.errors[0].icmp if told and told.errors else None,
                router=trace.router(told.errors[0], told.local) if told and told.errors else "",
            )
        )
    return stream


def tcp_info(connected: socket.socket) -> TCPInfo | None:
    """TCP_INFO of a socket; None off Linux, on a closed socket, or where the kernel says less than expected."""
    if _TCP_INFO is None:
        return None
    try:
        raw = connected.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 256)
    except OSError:
        return None
    return read_tcp_info(raw)


def read_tcp_info(raw: bytes) -> TCPInfo | None:
    """The fields we keep of Linux's `struct tcp_info` (include/uapi/linux/tcp.h; it only ever grows at its end).

    Offsets: tcpi_rtt 68, tcpi_total_retrans 100, tcpi_bytes_acked 120 and _received 128 (Linux 4.1), tcpi_min_rtt 148
    (Linux 4.9; all ones until a round trip was seen).

    >>> read_tcp_info(bytes(68) + b"\\x10\\x27\\0\\0" + bytes(32))
    TCPInfo(rtt=10000, min_rtt=None, retransmits=0, bytes_acked=None, bytes_received=None)
    """
    if len(raw) < 104:
        return None
    acked, received = struct.unpack_from("=QQ", raw, 120) if len(raw) >= 136 else (None, None)
    min_rtt = struct.unpack_from("=I", raw, 148)[0] if len(raw) >= 152 else _UNKNOWN_RTT
    return TCPInfo(
        rtt=struct.unpack_from("=I", raw, 68)[0],
        min_rtt=None if min_rtt == _UNKNOWN_RTT else min_rtt,
        retransmits=struct.unpack_from("=I", raw, 100)[0],
        bytes_acked=acked,
        bytes_received=received,
    )

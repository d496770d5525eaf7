"""Loopback endpoints of every temper: one that answers, one that refuses, one where every SYN vanishes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

Address: TypeAlias = tuple[str, int]
Accepted: TypeAlias = Callable[[socket.socket], None]
Received: TypeAlias = Callable[[socket.socket, bytes, Address], None]

_LOOPBACK = "127.0.0.1"
_NOBODY: Address = (_LOOPBACK, 1)
"""tcpmux (RFC 1078), which nobody serves: TCP is refused there, UDP answered with port unreachable."""
_LARGEST_DATAGRAM = 65535
_BACKLOG = 128


class Endpoints:
    """The listening sockets of a lab; `close` ends them all."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listening: list[socket.socket] = []
        self._kept: list[socket.socket] = []
        self._silent: dict[socket.SocketKind, Address] = {}

    def tcp(self, accepted: Accepted) -> Address:
        """A port whose connections are handed to `accepted`, as non-blocking sockets."""
        listener = self._bound(socket.SOCK_STREAM, self._listening)
        listener.listen(_BACKLOG)
        self._watch(listener, partial(_accept, listener, accepted))
        return _name(listener)

    def udp(self, received: Received) -> Address:
        """A port whose datagrams are handed to `received`, with the socket to answer on and the peer."""
        listener = self._bound(socket.SOCK_DGRAM, self._listening)
        self._watch(listener, partial(_receive, listener, received))
        return _name(listener)

    def refusing(self) -> Address:
        """An endpoint where nothing listens."""
        return _NOBODY

    def silent(self, kind: socket.SocketKind) -> Address:
        """An endpoint that never answers, of the kind that is asked for.

        TCP: Linux drops a SYN while the queue of connections that wait to be accepted is full (tcp_conn_request), so
        connections that nobody accepts make every further `connect` time out.
        """
        if kind not in self._silent:
            mute = self._bound(kind, self._kept)
            if kind == socket.SOCK_STREAM:
                mute.listen(0)
                self._fill(_name(mute))
            self._silent[kind] = _name(mute)
        return self._silent[kind]

    def _fill(self, address: Address) -> None:
        """A backlog of 0 has room for one; the second makes sure of it."""
        for _ in range(2):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(address)
            self._kept.append(waiting)

    def _bound(self, kind: socket.SocketKind, keep: list[socket.socket]) -> socket.socket:
        sock = socket.socket(socket.AF_INET, kind)
        keep.append(sock)
        sock.setblocking(False)
        sock.bind((_LOOPBACK, 0))
        return sock

    def _watch(self, listener: socket.socket, callback: Callable[[], None]) -> None:
        """Probes may run in another thread than the lab; the kernel queues what comes before the loop looks."""
        self._loop.call_soon_threadsafe(self._loop.add_reader, listener, callback)

    def close(self) -> None:
        """Close every socket."""
        for listener in self._listening:
            self._loop.remove_reader(listener)
        for sock in (*self._listening, *self._kept):
            sock.close()


def _name(sock: socket.socket) -> Address:
    host, port = sock.getsockname()
    return host, port


def _accept(listener: socket.socket, accepted: Accepted) -> None:
    try:
        sock, _ = listener.accept()
    except OSError:  # the peer has gone again
        return
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    accepted(sock)


def _receive(listener: socket.socket, received: Received) -> None:
    try:
        data, peer = listener.recvfrom(_LARGEST_DATAGRAM)
    except OSError:  # an ICMP error about an earlier answer
        return
    received(listener, data, peer)

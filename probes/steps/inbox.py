"""A connected UDP socket that takes in every datagram and every ICMP error, for as long as somebody listens.

Linux tells more than others: the IP TTL that a datagram arrived with (an injector is nearer than the resolver), and
ICMP errors beside the port-unreachable that any connected socket reports. Python 3.11 has no names for the options.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

from probes.steps import icmp

_LINUX = sys.platform == "linux"
_IP_RECVTTL, _IP_TTL = 12, 2
_IPV6_RECVHOPLIMIT, _IPV6_HOPLIMIT = 51, 52
"""All from Linux's <linux/in.h> and <linux/in6.h>."""
_OPTIONS = {
    socket.AF_INET: (socket.IPPROTO_IP, _IP_RECVTTL),
    socket.AF_INET6: (socket.IPPROTO_IPV6, _IPV6_RECVHOPLIMIT),
}
_TTLS = frozenset({(socket.IPPROTO_IP, _IP_TTL), (socket.IPPROTO_IPV6, _IPV6_HOPLIMIT)})
_BATCH = 32


class Inbox:
    """Listens while it is entered: `heard(datagram, ip_ttl)` for each datagram, `broke(error)` for each error."""

    def __init__(
        self,
        connected: socket.socket,
        heard: Callable[[bytes, int | None], None],
        broke: Callable[[OSError], None],
    ) -> None:
        self._socket = connected
        self._heard = heard
        self._broke = broke

    def __enter__(self) -> Self:
        level, option = _OPTIONS[socket.AddressFamily(self._socket.family)]
        with contextlib.suppress(OSError):  # an old kernel tells less
            if _LINUX:
                self._socket.setsockopt(level, option, 1)
        icmp.hear(self._socket)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._ready)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._socket.fileno())

    def send(self, data: bytes) -> None:
        """Send one datagram; an error that an earlier one met is reported like any other."""
        try:
            self._socket.send(data)
        except OSError as error:
            self._broke(error)

    def drain(self) -> None:
        """Take in what has come and was not looked at yet."""
        self._ready()

    def _ready(self) -> None:
        # The error queue must be emptied first: while something is in it, the loop is told so again and again.
        for error in icmp.errors(self._socket):
            self._broke(error)
        for _ in range(_BATCH):
            try:
                datagram, ancillary, _, _ = self._socket.recvmsg(65535, 256)
            except BlockingIOError:
                return
            except OSError as error:
                self._broke(error)
                return
            self._heard(datagram, next(filter(None, map(_ip_ttl, ancillary)), None))


def _ip_ttl(message: tuple[int, int, bytes]) -> int | None:
    level, kind, data = message
    return int(struct.unpack("=i", data[:4])[0]) if (level, kind) in _TTLS and len(data) >= 4 else None

"""A connected UDP socket that takes in every datagram and every ICMP error, for as long as somebody listens.

Linux tells more than others: the IP TTL that a datagram arrived with (an injector is nearer than the resolver), and
ICMP errors beside the port-unreachable that any connected socket reports. Python 3.11 has no names for the options.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

_LINUX = sys.platform == "linux"
_IP_RECVTTL, _IP_TTL, _IP_RECVERR = 12, 2, 11
_IPV6_RECVHOPLIMIT, _IPV6_HOPLIMIT, _IPV6_RECVERR = 51, 52, 25
_MSG_ERRQUEUE = 0x2000
"""All from Linux's <linux/in.h>, <linux/in6.h>, <linux/socket.h>."""
_OPTIONS = {
    socket.AF_INET: (socket.IPPROTO_IP, (_IP_RECVTTL, _IP_RECVERR)),
    socket.AF_INET6: (socket.IPPROTO_IPV6, (_IPV6_RECVHOPLIMIT, _IPV6_RECVERR)),
}
_TTLS = frozenset({(socket.IPPROTO_IP, _IP_TTL), (socket.IPPROTO_IPV6, _IPV6_HOPLIMIT)})
_ERRORS = frozenset({(socket.IPPROTO_IP, _IP_RECVERR), (socket.IPPROTO_IPV6, _IPV6_RECVERR)})
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
        level, options = _OPTIONS[socket.AddressFamily(self._socket.family)]
        for option in options if _LINUX else ():
            with contextlib.suppress(OSError):  # an old kernel tells less
                self._socket.setsockopt(level, option, 1)
        asyncio.get_running_loop().add_reader(self._socket, self._ready)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)

    def send(self, data: bytes) -> None:
        """Send one datagram; an error that an earlier one met is reported like any other."""
        try:
            self._socket.send(data)
        except OSError as error:
            self._broke(error)

    def _ready(self) -> None:
        # The error queue must be emptied first: while something is in it, the loop is told so again and again.
        for _ in range(_BATCH if _LINUX else 0):
            try:
                _, ancillary, _, _ = self._socket.recvmsg(512, 512, _MSG_ERRQUEUE)
            except OSError:
                break
            for error in filter(None, map(_icmp_error, ancillary)):
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


def _icmp_error(message: tuple[int, int, bytes]) -> OSError | None:
    """The errno of a `struct sock_extended_err`; the router that sent it is left out on purpose: often the LAN's."""
    level, kind, data = message
    if (level, kind) not in _ERRORS or len(data) < 4:
        return None
    number = struct.unpack("=I", data[:4])[0]
    return OSError(number, os.strerror(number))

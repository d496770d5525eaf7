"""What routers say of a packet that they did not pass on, as far as Linux tells an ordinary user (IP_RECVERR, ip(7)).

Elsewhere nothing is told, and nothing here fails. Python 3.11 has no names for the options.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_LINUX: Final = sys.platform == "linux"
_ERRQUEUE = 0x2000
_LEVELS: Mapping[int, tuple[int, int, int]] = MappingProxyType(
    {
        socket.AF_INET: (socket.IPPROTO_IP, 2, 11),
        socket.AF_INET6: (socket.IPPROTO_IPV6, 16, 25),
    }
)
"""Level, hops to live (IP_TTL, IPV6_UNICAST_HOPS) and error queue (IP_RECVERR, IPV6_RECVERR), from Linux's
<linux/in.h> and <linux/in6.h>; the queue's flag from <linux/socket.h>."""
_FROM_ROUTERS = frozenset({2, 3})
"""SO_EE_ORIGIN_ICMP and _ICMP6 of <linux/errqueue.h>; 1 is this machine itself."""
_MOST = 32
_OFFENDER = MappingProxyType({socket.AF_INET: (20, 24), socket.AF_INET6: (24, 40)})
"""Where the sender's address stands: a `sockaddr` follows the 16 bytes of `struct sock_extended_err`."""
_DEFAULT_HOPS = -1


class ICMPError(OSError):
    """An error of the queue, with the errno that the kernel makes of it.

    `icmp` is type and code, None where this machine itself raised it. `router` sent it; it must not enter a record
    unscreened, because often it is the operator's own.
    """

    def __init__(self, number: int, icmp: tuple[int, int] | None, router: str) -> None:
        super().__init__(number, os.strerror(number))
        self.icmp = icmp
        self.router = router


def hear(opened: socket.socket) -> None:
    """Ask the kernel to keep ICMP errors for this socket. They must then be taken with `errors`, or a loop spins."""
    level, _, queue = _LEVELS[opened.family]
    if _LINUX:
        with contextlib.suppress(OSError):  # an old kernel tells less
            opened.setsockopt(level, queue, 1)


def ignore(opened: socket.socket) -> None:
    """Let the kernel treat ICMP errors for this socket as usual again, and forget those that waited."""
    level, _, queue = _LEVELS[opened.family]
    if _LINUX:
        with contextlib.suppress(OSError):
            opened.setsockopt(level, queue, 0)


def limit(opened: socket.socket, hops: int | None) -> None:
    """Let what is sent from now on reach at most `hops` routers; None for as many as usual."""
    level, option, _ = _LEVELS[opened.family]
    opened.setsockopt(level, option, _DEFAULT_HOPS if hops is None else hops)


def errors(opened: socket.socket) -> tuple[ICMPError, ...]:
    """The errors that waited for this socket, each told once."""
    found: list[ICMPError] = []
    for _ in range(_MOST if _LINUX else 0):
        try:
            _, ancillary, _, _ = opened.recvmsg(512, 512, _ERRQUEUE)
        except OSError:
            break
        found += filter(None, (read(socket.AddressFamily(opened.family), each) for each in ancillary))
    return tuple(found)


def read(family: socket.AddressFamily, message: tuple[int, int, bytes]) -> ICMPError | None:
    """The error in an ancillary message; None for other messages.

    >>> raw = struct.pack("=IBBBBII", 113, 2, 11, 0, 0, 0, 0) + struct.pack("=HH4s8x", 2, 0, bytes([192, 0, 2, 1]))
    >>> told = read(socket.AF_INET, (socket.IPPROTO_IP, 11, raw))
    >>> told.errno, told.icmp, told.router
    (113, (11, 0), '192.0.2.1')
    """
    level, _, queue = _LEVELS[family]
    at, kind, data = message
    if (at, kind) != (level, queue) or len(data) < 16:
        return None
    number, origin, icmp, code = struct.unpack_from("=IBBB", data)
    begin, end = _OFFENDER[family]
    if origin not in _FROM_ROUTERS or len(data) < end:
        return ICMPError(number, None, "")
    return ICMPError(number, (icmp, code), socket.inet_ntop(family, data[begin:end]))

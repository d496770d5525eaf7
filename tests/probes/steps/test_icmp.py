"""Words of routers, as the kernel hands them over."""

from __future__ import annotations

import errno
import socket
import struct

from probes.steps import icmp

V6 = (socket.IPPROTO_IPV6, 25)


def queued(origin: int, kind: int, code: int, number: int = errno.EHOSTUNREACH) -> bytes:
    return struct.pack("=IBBBBII", number, origin, kind, code, 0, 0, 0)


def test_ipv6_names_the_router() -> None:
    """Hops used up on the way, told by a router of IPv6."""
    offender = struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, socket.inet_pton(socket.AF_INET6, "2001:db8::1"), 0)
    told = icmp.read(socket.AF_INET6, (*V6, queued(3, 3, 0) + offender))
    assert told is not None
    assert (told.errno, told.icmp, told.router) == (errno.EHOSTUNREACH, (3, 0), "2001:db8::1")


def test_an_error_of_this_machine_has_no_router() -> None:
    """A packet too long for the own interface is nobody else's word."""
    told = icmp.read(socket.AF_INET6, (*V6, queued(1, 0, 0, errno.EMSGSIZE)))
    assert told is not None
    assert (told.errno, told.icmp, told.router) == (errno.EMSGSIZE, None, "")


def test_other_messages_are_left_alone() -> None:
    """What belongs to another option, or is cut short, is no error."""
    assert icmp.read(socket.AF_INET, (*V6, queued(2, 11, 0))) is None
    assert icmp.read(socket.AF_INET6, (*V6, b"\0" * 8)) is None


def test_a_closed_port_is_told_by_its_own_machine() -> None:
    """Loopback answers a datagram to a closed port with port unreachable (3, 3), and names itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        closed = nobody.getsockname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        icmp.hear(asking)
        icmp.limit(asking, 1)
        asking.connect(closed)
        asking.send(b"?")
        found = icmp.errors(asking)
        assert [(one.errno, one.icmp, one.router) for one in found] == [(errno.ECONNREFUSED, (3, 3), "127.0.0.1")]
        assert icmp.errors(asking) == ()


def test_a_limit_can_be_lifted() -> None:
    """None gives a socket its machine's usual number of hops back."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        usual = opened.getsockopt(socket.IPPROTO_IP, socket.IP_TTL)
        icmp.limit(opened, 1)
        assert opened.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == 1
        icmp.limit(opened, None)
        assert opened.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == usual

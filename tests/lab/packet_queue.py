"""Packets that the kernel asks a program about (NFQUEUE), over netlink and without a library.

Message layouts and numbers: <linux/netfilter/nfnetlink_queue.h>, <linux/netlink.h>.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_NETLINK_NETFILTER = 12
_QUEUE = 3 << 8
"""NFNL_SUBSYS_QUEUE, the high byte of a message's type."""
_PACKET, _VERDICT, _CONFIG = _QUEUE, _QUEUE | 1, _QUEUE | 2
_REQUEST, _ACK = 1, 4
_CFG_COMMAND, _CFG_PARAMS = 1, 2
_BIND, _COPY_WHOLE = 1, 2
_PACKET_HEADER, _VERDICT_HEADER, _MARK, _PAYLOAD = 1, 2, 3, 10
_DROP, _ACCEPT = 0, 1
_LARGEST = 1 << 17
_ROOM = 4 << 20


@dataclass(frozen=True, slots=True)
class Queued:
    """One IPv4 packet that waits for a word."""

    number: int
    packet: bytes


class PacketQueue:
    """One queue of the namespace in which it is made; `asked` must `accept` or `drop` each packet it is given."""

    def __init__(self, number: int, asked: Callable[[Queued], None]) -> None:
        self._number = number
        self._asked = asked
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        self._socket.bind((0, 0))
        self._configure(_attribute(_CFG_COMMAND, struct.pack("!BBH", _BIND, 0, socket.AF_INET)))
        self._configure(_attribute(_CFG_PARAMS, struct.pack("!IB", 0xFFFF, _COPY_WHOLE)))
        self._socket.setblocking(False)

    def fileno(self) -> int:
        """For a loop to watch."""
        return self._socket.fileno()

    def ready(self) -> None:
        """Hand out whatever waits."""
        while True:
            try:
                messages = self._socket.recv(_LARGEST)
            except BlockingIOError:
                return
            for kind, body in _messages(messages):
                if kind == _PACKET:
                    self._asked(_queued(body))

    def accept(self, queued: Queued, *, mark: int | None = None) -> None:
        """Let the packet go on, marked for the kernel's rules where asked for."""
        self._answer(queued, _ACCEPT, b"" if mark is None else _attribute(_MARK, struct.pack("!I", mark)))

    def drop(self, queued: Queued) -> None:
        """Let the packet vanish."""
        self._answer(queued, _DROP)

    def close(self) -> None:
        """End the queue; rules with --queue-bypass let everything pass from then on."""
        self._socket.close()

    def _answer(self, queued: Queued, verdict: int, more: bytes = b"") -> None:
        word = _attribute(_VERDICT_HEADER, struct.pack("!II", verdict, queued.number))
        self._socket.send(self._message(_VERDICT, word + more))

    def _configure(self, attributes: bytes) -> None:
        self._socket.send(self._message(_CONFIG, attributes, flags=_ACK))
        refused = struct.unpack_from("=i", self._socket.recv(_LARGEST), 16)[0]
        if refused:
            raise OSError(-refused, "the kernel gives no packet queue")

    def _message(self, kind: int, attributes: bytes, flags: int = 0) -> bytes:
        body = struct.pack("!BBH", socket.AF_UNSPEC, 0, self._number) + attributes
        return struct.pack("=IHHII", 16 + len(body), kind, flags | _REQUEST, 0, 0) + body


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each netlink message."""
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        yield kind, data[16:length]
        data = data[(length + 3) & ~3 :]


def _queued(body: bytes) -> Queued:
    held = dict(_attributes(body[4:]))
    return Queued(struct.unpack_from("!I", held[_PACKET_HEADER])[0], held.get(_PAYLOAD, b""))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3FFF, data[4:length]  # the upper bits say how the value is coded
        data = data[(length + 3) & ~3 :]

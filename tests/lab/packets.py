"""IPv4 packets read and written by hand (RFC 791, RFC 9293, RFC 768): what a box on the path sees and forges."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import TypeAlias

TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
Flow: TypeAlias = tuple[bytes, int, bytes, int]
"""Source address and port, destination address and port."""
_TTL = 64
_WINDOW = 64240


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A TCP segment or a UDP datagram; the fields from `seq` on are TCP's."""

    protocol: int
    flow: Flow
    data: bytes
    seq: int = 0
    ack: int = 0
    flags: int = 0

    @property
    def back(self) -> Flow:
        """The same flow in the other direction."""
        return (*self.flow[2:], *self.flow[:2])


def read(raw: bytes) -> Packet | None:
    """The packet in `raw`; None for fragments and for protocols without ports."""
    start = (raw[0] & 15) * 4
    length = struct.unpack_from("!H", raw, 2)[0]
    if raw[9] not in (TCP, UDP) or struct.unpack_from("!H", raw, 6)[0] & 0x1FFF:
        return None
    source, destination = struct.unpack_from("!HH", raw, start)
    flow = (raw[12:16], source, raw[16:20], destination)
    if raw[9] == UDP:
        return Packet(protocol=UDP, flow=flow, data=raw[start + 8 : length])
    seq, ack, offset, flags = struct.unpack_from("!IIBB", raw, start + 4)
    return Packet(protocol=TCP, flow=flow, data=raw[start + (offset >> 4) * 4 : length], seq=seq, ack=ack, flags=flags)


def segment(flow: Flow, *, seq: int, ack: int = 0, flags: int, data: bytes = b"") -> bytes:
    """A TCP segment in its packet."""
    head = struct.pack("!HHIIBBHHH", flow[1], flow[3], seq % 2**32, ack % 2**32, 5 << 4, flags, _WINDOW, 0, 0)
    return _packet(flow, TCP, head, data, checksum_at=16)


def datagram(flow: Flow, data: bytes) -> bytes:
    """A UDP datagram in its packet."""
    return _packet(flow, UDP, struct.pack("!HHHH", flow[1], flow[3], 8 + len(data), 0), data, checksum_at=6)


def _packet(flow: Flow, protocol: int, head: bytes, data: bytes, *, checksum_at: int) -> bytes:
    pseudo = flow[0] + flow[2] + struct.pack("!BBH", 0, protocol, len(head) + len(data))
    total = struct.pack("!H", _checksum(pseudo + head + data))
    inner = head[:checksum_at] + total + head[checksum_at + 2 :] + data
    # The kernel fills in the outer checksum of a raw packet by itself (raw(7)).
    outer = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(inner), 0, 0, _TTL, protocol, 0)
    return outer + flow[0] + flow[2] + inner


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF

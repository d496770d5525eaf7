"""DNS messages of the ordinary sort, read and written without a library: the many, so that a lookup costs little.

An ordinary answer repeats its question to the letter, holds addresses, aliases and name servers only, and is whole.
Whatever else comes, above all whatever a censor's box makes up, is for dnspython to judge: here it is None. What is
read here, dnspython reads alike (a property test says so); it takes about seven times as long.
"""

from __future__ import annotations

import re
import socket
import struct
from dataclasses import dataclass

from probes.model import Answer

_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
_LONGEST = 253
_TYPES = {"A": 1, "AAAA": 28}
_A, _NS, _CNAME, _AAAA, _OPT = 1, 2, 5, 28, 41
_IN = 1
_HEAD = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")
_EDNS = struct.Struct("!BHHIH")
_SIGNS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_RESPONSE, _OPCODE = 0x8000, 0x7800
_RECURSE = 0x0100
_LONGEST_TTL = 0x7FFFFFFF
"""RFC 2181 §8; what is longer counts as none, and is left to dnspython."""
_MOST = 64
"""Records in one answer."""


class _OddError(Exception):
    """Something that is not ordinary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """What an ordinary answer says: the flags of its header (RFC 1035 §4.1.1), its records, whether it has EDNS."""

    flags: int
    answers: tuple[Answer, ...]
    edns: int | None
    """The UDP size that its EDNS offers; None without EDNS."""


def write(name: str, query_type: str, number: int, payload: int) -> bytes | None:
    """A question with EDNS that offers `payload` bytes; None for a name that is not letters, digits, `-` and `_`.

    >>> write("kloop.kg", "A", 7, 1232).hex(" ", -12)
    '000701000001000000000001 056b6c6f6f70026b67000001 000100002904d00000000000 00'
    """
    if len(name) > _LONGEST or query_type not in _TYPES or _NAME.fullmatch(name) is None:
        return None
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
    asked = labels + struct.pack("!BHH", 0, _TYPES[query_type], _IN)
    return _HEAD.pack(number, _RECURSE, 1, 0, 0, 1) + asked + _EDNS.pack(0, _OPT, payload, 0, 0)


def read(question: bytes, wire: bytes) -> Plain | None:
    """What `wire` answers to a question that `write` wrote; None where it is not an ordinary answer to it."""
    end = len(question) - _EDNS.size
    if wire[:2] != question[:2] or wire[_HEAD.size : end] != question[_HEAD.size : end]:
        return None
    _, flags, questions, answers, authorities, others = _HEAD.unpack_from(wire)
    if not flags & _RESPONSE or flags & _OPCODE or questions != 1 or answers + authorities + others > _MOST:
        return None
    try:
        return _Reader(wire, end).plain(flags, answers, authorities, others)
    except (_OddError, struct.error, IndexError):
        return None


class _Reader:
    """Reads records from the end of the question on."""

    def __init__(self, wire: bytes, at: int) -> None:
        self._wire = wire
        self._at = at

    def plain(self, flags: int, answers: int, authorities: int, others: int) -> Plain:
        found = self._grouped(answers)
        for _ in range(authorities):
            self._record()
        edns: int | None = None
        for _ in range(others):
            if (payload := self._edns()) is not None:
                if edns is not None:
                    raise _OddError
                edns = payload
            else:
                self._record()
        return Plain(flags=flags, answers=found, edns=edns)

    def _grouped(self, count: int) -> tuple[Answer, ...]:
        """Records of one name and type beside each other, each value once, with the least of their times to live."""
        sets: dict[tuple[bytes, int], tuple[list[int], dict[str, None]]] = {}
        for _ in range(count):
            owner, kind, ttl, value = self._record()
            if kind == _NS or (kind == _CNAME and (owner, kind) in sets):
                raise _OddError
            ttls, values = sets.setdefault((owner, kind), ([], {}))
            ttls.append(ttl)
            values[value] = None
        words = {_A: "A", _AAAA: "AAAA", _CNAME: "CNAME"}
        return tuple(
            Answer(type=words[kind], value=value, ttl=min(ttls))
            for (_, kind), (ttls, values) in sets.items()
            for value in values
        )

    def _record(self) -> tuple[bytes, int, int, str]:
        owner = self._name().lower()
        kind, group, ttl, length = _RECORD.unpack_from(self._wire, self._at)
        start = self._at = self._at + _RECORD.size
        if group != _IN or ttl > _LONGEST_TTL or start + length > len(self._wire):
            raise _OddError
        if kind in (_NS, _CNAME):
            value = self._name().decode("ascii")
        elif (kind, length) in ((_A, 4), (_AAAA, 16)):
            self._at += length
            family = socket.AF_INET if kind == _A else socket.AF_INET6
            value = socket.inet_ntop(family, self._wire[start : self._at])
        else:
            raise _OddError
        if self._at != start + length or not value:
            raise _OddError
        return owner, kind, ttl, value

    def _edns(self) -> int | None:
        """The size in a bare OPT (RFC 6891 §6.1: no options, flags, extended rcode), and past it; None for others."""
        if self._wire[self._at] or self._wire[self._at + 1 : self._at + 3] != b"\0\x29":
            return None
        _, _, payload, extended, length = _EDNS.unpack_from(self._wire, self._at)
        if extended or length:
            raise _OddError
        self._at += _EDNS.size
        return int(payload)

    def _name(self) -> bytes:
        """The name that begins here, without its final dot; what follows it comes next."""
        labels: list[bytes] = []
        at = lowest = self._at
        jumped, length = False, 0
        while size := self._wire[at]:
            if size >= 0xC0:
                target = (size & 0x3F) << 8 | self._wire[at + 1]
                if target >= lowest:  # pointers lead back only, each further than the last, so that none leads round
                    raise _OddError
                self._at = self._at if jumped else at + 2
                at = lowest = target
                jumped = True
                continue
            label = self._wire[at + 1 : at + 1 + size]
            length += size + 1
            if size > 63 or len(label) < size or length > _LONGEST or not _SIGNS.issuperset(label):
                raise _OddError
            labels.append(label)
            at += 1 + size
        self._at = self._at if jumped else at + 1
        return b".".join(labels)

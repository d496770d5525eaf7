"""The table: ranges of addresses flattened to steps, so that a look takes one bisection. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

_V6_SHIFT = 64
"""Of IPv6 the upper half is kept: nobody announces longer prefixes to the world than /48 (RIPE-655 §2), and a table
that has some longer than /64 is refused."""


@dataclass(frozen=True, slots=True)
class Range:
    """Addresses from `first` to `last` (as numbers, both included) that one autonomous system announces."""

    version: int
    first: int
    last: int
    number: int


class Table:
    """Ranges of both families; the smallest range that an address is in says its network."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        known = list(ranges)
        self._v4 = _Steps((each.first, each.last, each.number) for each in known if each.version == 4)
        self._v6 = _Steps(
            (each.first >> _V6_SHIFT, each.last >> _V6_SHIFT, each.number) for each in known if each.version == 6
        )

    def network_of(self, address: str) -> str:
        """`AS` and the number of the network that announces an address; empty where the table has none, and for what
        is no address.

        >>> table = Table([prefix("192.0.2.0/24", 64500), prefix("192.0.2.128/25", 64501), prefix("2001:db8::/32", 3)])
        >>> [table.network_of(each) for each in ("192.0.2.1", "192.0.2.200", "2001:db8::1", "198.51.100.1", "nobody")]
        ['AS64500', 'AS64501', 'AS3', '', '']
        """
        try:
            found = ip_address(address)
        except ValueError:
            return ""
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        number = self._v4.at(int(found)) if found.version == 4 else self._v6.at(int(found) >> _V6_SHIFT)
        return f"AS{number}" if number else ""


def prefix(text: str, number: int) -> Range:
    """The range of a prefix in CIDR notation; ValueError for anything else, host bits included."""
    base, slash, length = text.partition("/")
    if not slash or not length.isascii() or not length.isdecimal():
        raise ValueError(f"{text[:60]!r} is no prefix such as 192.0.2.0/24")
    return between(base, base, number, int(length))


def between(first: str, last: str, number: int, length: int | None = None) -> Range:
    """The range from one address to another, or of all that begin with the same `length` bits; ValueError else."""
    kind = IPv6Address if ":" in first else IPv4Address
    start, end = kind(first), kind(last)
    width, longest = (128, _V6_SHIFT) if start.version == 6 else (32, 32)
    if length is not None:
        if length > longest:
            raise ValueError(f"a prefix is /{longest} at most, found /{length}")
        end = kind(int(start) | ((1 << (width - length)) - 1))
        if int(start) & ((1 << (width - length)) - 1):
            raise ValueError(f"{first}/{length} has bits beyond its length")
    if int(end) < int(start):
        raise ValueError(f"{last} comes before {first}")
    if not 0 < number < 2**32:
        raise ValueError(f"{number} is no number of an autonomous system")
    return Range(start.version, int(start), int(end), number)


class _Steps:
    """Where each answer begins; 0 is none."""

    def __init__(self, ranges: Iterable[tuple[int, int, int]]) -> None:
        self._starts, self._numbers = array("Q", [0]), array("Q", [0])
        for start, number in _flat(sorted(ranges, key=lambda each: (each[0], -each[1]))):
            if self._starts[-1] == start:
                self._numbers[-1] = number
            elif self._numbers[-1] != number:
                self._starts.append(start)
                self._numbers.append(number)

    def at(self, place: int) -> int:
        return self._numbers[bisect_right(self._starts, place) - 1]


def _flat(ranges: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Nested ranges, the outer before the inner, as places where the innermost one changes."""
    open_: list[tuple[int, int]] = []
    for first, last, number in ranges:
        while open_ and open_[-1][0] < first:
            yield from _closed(open_)
        open_.append((last, number))
        yield first, number
    while open_:
        yield from _closed(open_)


def _closed(open_: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    last, _ = open_.pop()
    while open_ and open_[-1][0] <= last:
        open_.pop()
    yield last + 1, open_[-1][1] if open_ else 0

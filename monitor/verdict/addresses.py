"""Addresses that no public web site has, and addresses that are neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_BOGON_V4 = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
"""IANA special-purpose registry (RFC 6890 and its updates) and multicast; `is_global` of Python 3.11 misses some."""
_BOGON_V6 = tuple(
    ip_network(block)
    for block in ("::/128", "::1/128", "100::/64", "2001::/32", "2001:db8::/32", "fc00::/7", "fe80::/10", "ff00::/8")
)
"""2001::/32 is Teredo (RFC 4380), which injectors are known to answer with."""
_NAT64 = ip_network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that is meant."""


def is_bogon(address: str) -> bool:
    """Whether no public site can have this address; an embedded IPv4 address counts, text that is no address does not.

    >>> is_bogon("10.10.34.35"), is_bogon("64:ff9b::7f00:1"), is_bogon("93.184.216.34"), is_bogon("kloop.kg")
    (True, True, False, False)
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        inner = _embedded(parsed)
        return (inner is not None and is_bogon(str(inner))) or any(parsed in block for block in _BOGON_V6)
    return any(parsed in block for block in _BOGON_V4)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside an IPv4-mapped, NAT64 or 6to4 address."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def is_v6(address: str) -> bool:
    """Whether an address is written as IPv6."""
    return ":" in address


def neighbours(address: str, known: Iterable[str]) -> bool:
    """Whether an address shares its /24 (IPv4) or /48 (IPv6) with a known one.

    These are the smallest blocks that are announced on their own, so they belong to one network: a content network
    answers different places with different addresses of one such block.

    >>> neighbours("192.0.2.7", ["192.0.2.200"]), neighbours("192.0.2.7", ["192.0.3.7"]), neighbours("x", ["x"])
    (True, False, False)
    """
    block = _block(address)
    return block is not None and any(_block(other) == block for other in known)


def _block(address: str) -> tuple[int, int] | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return (6, int(parsed) >> 80) if isinstance(parsed, IPv6Address) else (4, int(parsed) >> 8)

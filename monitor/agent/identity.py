"""What leads to this machine and its operator, read from the system, so that it can be kept out of every record.

The sockets of a measurement tell their own addresses (`probes.own`). A censor's page may know more: the address that
the world sees, the router's, a hardware number that a captive portal asked for. What of that the machine can learn is
gathered here, before each plan; the outer address is what the collector says that it sees, and is never written down.
"""

from __future__ import annotations

import os
import pwd
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from probes.own import machine

_NETWORK = Path("/sys/class/net")
_RESOLVERS = Path("/etc/resolv.conf")
_ROUTES = Path("/proc/net")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The details of one machine: `words` (names, hardware numbers), its own `addresses`, and those `around` it."""

    words: frozenset[str]
    addresses: frozenset[str]
    around: frozenset[str]


def identity(*, outer: str = "") -> Identity:
    """What leads to this machine; `outer` is its address as the collector sees it, empty where that is not known."""
    seen = {outer} if _is_address(outer) else set()
    return Identity(
        words=frozenset({*machine(), *_user(), *_hardware()}),
        addresses=frozenset({*_local_v4(), *_local_v6(), *seen}),
        around=frozenset({*_resolvers(), *_routers()}),
    )


def spelled(hardware: str) -> frozenset[str]:
    """How a hardware number (MAC) is written, beside the forms that every such number is recognised in.

    >>> sorted(spelled("02:fc:ab:cd:ef:19"))
    ['02-fc-ab-cd-ef-19', '02:fc:ab:cd:ef:19', '02fc.abcd.ef19', '02fcabcdef19']
    """
    digits = hardware.replace(":", "").lower()
    dotted = ".".join(digits[at : at + 4] for at in range(0, 12, 4))
    return frozenset({hardware.lower(), hardware.lower().replace(":", "-"), dotted, digits})


def _hardware() -> Iterator[str]:
    for place in sorted(_NETWORK.glob("*/address")):
        text = _read(place).strip()
        if len(text) == 17 and text.strip("0:"):
            yield from spelled(text)


def _user() -> Iterator[str]:
    """The user's name, where it is not just a word: it would be found in pages that have nothing to do with it."""
    try:
        names = {os.environ.get("USER", ""), pwd.getpwuid(os.getuid()).pw_name}
    except KeyError:  # a user without an entry, as in some containers
        names = {os.environ.get("USER", "")}
    yield from (name for name in names if name and not name.isalpha() and len(name) > 5)


def _local_v4() -> Iterator[str]:
    """The addresses of this machine, by the kernel's table of routes (`/32 host LOCAL` follows each)."""
    address = ""
    for line in _read(_ROUTES / "fib_trie").splitlines():
        if "|--" in line:
            address = line.partition("|--")[2].strip()
        elif "/32 host LOCAL" in line:
            yield address


def _local_v6() -> Iterator[str]:
    for line in _read(_ROUTES / "if_inet6").splitlines():
        yield str(IPv6Address(bytes.fromhex(line.split()[0])))


def _routers() -> Iterator[str]:
    """Where the routes of this machine lead first."""
    for line in _read(_ROUTES / "route").splitlines()[1:]:
        gateway = line.split()[2]
        if gateway != "00000000":
            yield socket.inet_ntoa(struct.pack("=I", int(gateway, 16)))
    for line in _read(_ROUTES / "ipv6_route").splitlines():
        raw = line.split()[4]
        if raw.strip("0"):
            yield str(IPv6Address(bytes.fromhex(raw)))


def _resolvers() -> Iterator[str]:
    for line in _read(_RESOLVERS).splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver" and _is_address(words[1]):
            yield words[1]


def _read(place: Path) -> str:
    try:
        return place.read_text(errors="replace")
    except OSError:  # no Linux, or not for us: the sockets still tell
        return ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

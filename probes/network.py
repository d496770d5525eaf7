"""The one door to the wire: what a network can do, and the system's own network. Only this file opens sockets."""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
from collections.abc import Mapping
from contextlib import nullcontext
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol, TypeAlias

import certifi

from probes.namespace import handle_of, inside, resolv_conf_of

Transport: TypeAlias = Literal["tcp", "udp"]
AddressRange: TypeAlias = IPv4Network | IPv6Network


class Network(Protocol):
    """What a probe may ask of the network of its vantage point."""

    @property
    def resolver(self) -> tuple[str, int] | None:
        """Address and port of the resolver that the system is configured with; None where there is none."""

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The trusted root certificates (DER) that chains are verified against."""

    def screen(self, address: str) -> str | None:
        """The reason why `address` must not be dialled (`loopback`, `private`, …), or None where it may be."""

    def open(self, address: str, port: int, transport: Transport) -> tuple[socket.socket, tuple[str, int]]:
        """A fresh non-blocking socket, bound as the vantage point asks, and the address to connect it to.

        Raises OSError where the machine has no such family, interface or source address.
        """


class SystemNetwork:
    """The network of this machine, as it is configured.

    `source_address`, `interface` (Linux SO_BINDTODEVICE) and `namespace` (its name or the path of its handle) choose
    the way out where there are several. `allow`
    exempts address ranges from the screen, for a lab. `roots` are DER certificates; None takes the bundle of `certifi`,
    which is Mozilla's list and the same on every machine. `resolv_conf` is where the system's resolver is written down.
    """

    def __init__(
        self,
        *,
        source_address: str | None = None,
        interface: str | None = None,
        namespace: str | None = None,
        allow: tuple[AddressRange, ...] = (),
        roots: tuple[bytes, ...] | None = None,
        resolv_conf: Path | None = None,
    ) -> None:
        self._source_address = source_address
        self._interface = interface
        self._namespace = None if namespace is None else handle_of(namespace)
        self._allow = allow
        self._roots = roots
        self._resolv_conf = resolv_conf or resolv_conf_of(namespace or "")

    @property
    def resolver(self) -> tuple[str, int] | None:
        """The first name server of resolv.conf, read anew each time, because leases change; None without one."""
        try:
            text = self._resolv_conf.read_text(errors="replace")
        except OSError:
            return None
        return first_nameserver(text)

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The trusted roots in DER; `certifi`'s bundle is read once for the whole process."""
        return bundled_roots() if self._roots is None else self._roots

    def screen(self, address: str) -> str | None:
        """Why `address` must not be dialled, or None; see `screen`."""
        return screen(address, self._allow)

    def open(self, address: str, port: int, transport: Transport) -> tuple[socket.socket, tuple[str, int]]:
        """A fresh non-blocking socket to reach `address`; OSError where family, interface or source do not exist."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with nullcontext() if self._namespace is None else inside(self._namespace):
            opened = socket.socket(family, socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            self._bind(opened)
            if transport == "tcp":
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            opened.close()
            raise
        return opened, (address, port)

    def _bind(self, opened: socket.socket) -> None:
        if self._interface is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._interface.encode())
        if self._source_address is not None:
            if (":" in self._source_address) != (opened.family == socket.AF_INET6):
                raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
            opened.bind((self._source_address, 0))


def first_nameserver(text: str) -> tuple[str, int] | None:
    """Address and port 53 of the first usable `nameserver` line of a resolv.conf (5), or None.

    >>> first_nameserver("# by hand\\nsearch lan\\nnameserver 192.0.2.53\\nnameserver 192.0.2.54")
    ('192.0.2.53', 53)
    """
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver" and _is_address(words[1]):
            return words[1], 53
    return None


@lru_cache(maxsize=1)
def bundled_roots() -> tuple[bytes, ...]:
    """The root certificates of `certifi` in DER."""
    pem = Path(certifi.where()).read_text()
    blocks = re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", pem, re.DOTALL)
    return tuple(ssl.PEM_cert_to_DER_cert(block) for block in blocks)


def _ranges(*texts: str) -> tuple[AddressRange, ...]:
    return tuple(ip_network(text) for text in texts)


_SCREENED: Mapping[str, tuple[AddressRange, ...]] = MappingProxyType(
    {
        "unspecified": _ranges("0.0.0.0/8", "::/128"),
        "loopback": _ranges("127.0.0.0/8", "::1/128"),
        "private": _ranges("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10", "64:ff9b:1::/48"),
        "link_local": _ranges("169.254.0.0/16", "fe80::/10"),
        "shared": _ranges("100.64.0.0/10"),
        "multicast": _ranges("224.0.0.0/4", "ff00::/8"),
        "documentation": _ranges("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
        "benchmarking": _ranges("198.18.0.0/15", "2001:2::/48"),
        "reserved": _ranges("192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4", "100::/64", "2001::/23", "5f00::/16"),
    }
)
"""Reason and ranges: the IANA special-purpose registries (RFC 6890 and its updates), RFC 1918, RFC 4193, RFC 6598
(shared address space behind carriers' NAT), RFC 5771, RFC 3879 (fec0::/10), RFC 8215 (64:ff9b:1::/48), RFC 9637
(3fff::/20), RFC 9602 (5f00::/16). Cloud metadata (169.254.169.254) is link-local. `is_global` of Python 3.11 passes
multicast, NAT64 and 6to4, which is why it is not asked."""

_UNICAST = IPv6Network("2000::/3")
"""What IANA has given out for IPv6 (RFC 4291 §2.4); outside of it there is nobody to dial."""

_LAST_32 = _ranges("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "::/96")
"""Ranges with an IPv4 address in their last 32 bits: v4-mapped and -compatible (RFC 4291 §2.5.5), SIIT (RFC 7915),
NAT64 (RFC 6052)."""

_6TO4 = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")


@lru_cache(maxsize=4096)
def screen(address: str, allow: tuple[AddressRange, ...] = ()) -> str | None:
    """The reason why `address` must not be dialled, or None; an address that embeds an IPv4 address is judged by that.

    Text that is no address is `malformed`. Ranges in `allow` are exempt.

    >>> screen("169.254.169.254"), screen("64:ff9b::a9fe:a9fe"), screen("9.9.9.9")
    ('link_local', 'link_local', None)
    >>> screen("127.0.0.1", allow=(ip_network("127.0.0.0/8"),)) is None
    True
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return "malformed"
    if any(parsed in allowed for allowed in allow):
        return None
    reason = next((reason for reason, ranges in _SCREENED.items() if any(parsed in each for each in ranges)), None)
    if isinstance(parsed, IPv4Address):
        return reason
    inner = _embedded(parsed)
    if inner and (reason is None or parsed in _TEREDO):
        return next(filter(None, (screen(str(each), allow) for each in inner)), None)
    return reason or (None if parsed in _UNICAST else "reserved")


def _embedded(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that traffic would reach: 6to4 (RFC 3056), Teredo's server and client (RFC 4380)."""
    number = int(address)
    if address in _6TO4:
        return (IPv4Address(number >> 80 & 0xFFFFFFFF),)
    if address in _TEREDO:
        return IPv4Address(number >> 64 & 0xFFFFFFFF), IPv4Address(~number & 0xFFFFFFFF)
    if any(address in each for each in _LAST_32):
        return (IPv4Address(number & 0xFFFFFFFF),)
    return ()


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

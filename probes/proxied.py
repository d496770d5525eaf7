"""The network on the far side of a proxy: TCP to names, which are looked up there, and nothing else."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal, TypeAlias

from probes.network import Network, Transport

Speech: TypeAlias = Literal["socks5", "http_proxy"]
SPEECHES: tuple[Speech, ...] = ("socks5", "http_proxy")
"""Kinds of vantage point that measure through a proxy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy at an address of its own (a name would have to be looked up), and who we are there."""

    speech: Speech
    address: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


class Proxied:
    """A `probes.network.Network` behind a proxy that is reached over `inner`.

    It has no resolver, because names are looked up at the proxy: what comes of that says nothing of a provider's
    resolver. UDP does not go through. `steps.tcp.dial` opens the tunnel.
    """

    def __init__(self, inner: Network, proxy: Proxy) -> None:
        self._inner = inner
        self.proxy = proxy

    @property
    def resolver(self) -> None:
        """None: whoever looks names up there is not ours to ask."""
        return

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The trusted roots in DER, as on the inner network."""
        return self._inner.roots

    def screen(self, address: str) -> str | None:
        """Why `address` must not be dialled, or None; a name passes, because only the proxy learns its addresses."""
        try:
            ip_address(address)
        except ValueError:
            return None
        return self._inner.screen(address)

    def open(self, address: str, port: int, transport: Transport) -> tuple[socket.socket, tuple[str, int]]:
        """A socket to the proxy, whatever is asked for; OSError for UDP, and where the inner network has none."""
        if transport != "tcp":
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
        return self._inner.open(self.proxy.address, self.proxy.port, "tcp")

"""Web servers in front: whose word about the client is believed, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from starlette.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request came from, as far as it can be believed."""

    client: str
    """The client's address, for counting requests in memory only; empty where it is not known."""
    https: bool
    trusted: bool
    """Whether one of the web servers in front handed it on."""


def origin(request: Request, proxies: Sequence[str]) -> Origin:
    """Who asks: the peer itself or, where that is a web server in front, the last address it does not vouch for."""
    peer = request.client.host if request.client else ""
    if not _within(peer, proxies):
        return Origin(client=peer, https=request.url.scheme == "https", trusted=False)
    told = [part.strip() for part in ",".join(request.headers.getlist("x-forwarded-for")).split(",")]
    client = next((address for address in reversed(told) if address and not _within(address, proxies)), peer)
    https = request.headers.get("x-forwarded-proto", request.url.scheme).strip().lower() == "https"
    return Origin(client=client, https=https, trusted=True)


def _within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the networks.

    >>> _within("10.1.2.3", ["10.0.0.0/8"]), _within("::1", ["127.0.0.1"]), _within("unix", ["10.0.0.0/8"])
    (True, False, False)
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(network) for network in networks)

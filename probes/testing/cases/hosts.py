"""Hosts that a case file brings along: those of its environment, and the one that is measured."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_address, ip_network

from probes.network import AddressRange, screen
from probes.testing.cases.reading import Fields
from probes.testing.internet import Internet, Site

_WEB_PORTS = (80, 443)
_SPARE = "45.79.19.196"
"""Where a host lives that no one gave an address: any address will do that is public and that nothing else here has."""


def with_described(internet: Internet, hosts: tuple[Fields, ...]) -> Internet:
    """The internet and a plain site for each host of an environment that it does not know yet, by name or address."""
    for host in hosts:
        names, addresses = host.names("names"), host.addresses("ips")
        known = any(internet.site_named(name) for name in names) or any(internet.site_at(each) for each in addresses)
        if not known:
            ports = _ports(host.text("serves", ""))
            internet = _with_site(internet, Site(names=names, addresses=addresses, ports=ports))
    return internet


def _ports(serves: str) -> tuple[int, ...]:
    """The web ports that a description begins with; both where it names none.

    >>> _ports("443 only: redirects by path, never to port 80"), _ports("80, 443: a page"), _ports("")
    ((443,), (80, 443), (80, 443))
    """
    named = tuple(int(port) for port in re.findall(r"\b(80|443)\b", serves.partition(":")[0]))
    return named or _WEB_PORTS


def with_measured(internet: Internet, host: str, manipulations: tuple[Fields, ...]) -> Internet:
    """The internet and, where it does not know `host` at all, a plain site of that name or address."""
    if _is_address(host):
        return internet if internet.site_at(host) else _with_site(internet, Site(names=(), addresses=(host,)))
    if host in internet.records or internet.site_named(host):
        return internet
    return _with_site(internet, Site(names=(host,), addresses=(_home(internet, manipulations),)))


def _home(internet: Internet, manipulations: tuple[Fields, ...]) -> str:
    """An address for the measured host: the one that its manipulations are about, if it is nobody else's and no lie."""
    lies = {address for keys in manipulations if "answer" in keys for address in keys.addresses("answer")}
    dead = {keys.address("ip") for keys in manipulations if keys.text("kind") == "address_unrouted"}
    meant = (keys.address("ip") for keys in manipulations if "ip" in keys)
    free = (address for address in meant if address and address not in lies | dead and not internet.site_at(address))
    return next(free, _SPARE)


def _with_site(internet: Internet, site: Site) -> Internet:
    return replace(internet, sites=(*internet.sites, site))


def exempt(internet: Internet) -> tuple[AddressRange, ...]:
    """Addresses of sites that the screen would keep a probe from, loopback left out: a case file may use any range."""
    addresses = (address for site in internet.sites for address in site.addresses)
    return tuple(ip_network(address) for address in addresses if screen(address) not in (None, "loopback"))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

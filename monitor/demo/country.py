"""Demoland: a country on loopback, with five vantage points, three controls and a censor with a timetable.

All names end in `.example` (RFC 2606), all networks come from the numbers kept for documentation (RFC 5398), and the
country codes are among those that ISO 3166 leaves to its users. No address is dialled: the lab maps each to loopback.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from probes.model import Role, Target, VantagePoint
from probes.testing import (
    NXDOMAIN,
    DNSForgery,
    HostBlock,
    Internet,
    Response,
    Route,
    Rule,
    Site,
    SNIBlock,
    block_page,
    page,
)

SERVFAIL = 2

NOTICE = b"""<!doctype html><html><head><title>Access restricted</title></head>
<body><h1>Access to this resource is restricted</h1><p>Demoland Communications Service, order 17 (simulated)</p></body>
</html>
"""


def _site(name: str, address: str, title: str, *, ports: tuple[int, ...] = (80, 443)) -> Site:
    front: Response = page(title, "News, archive, contact. This page exists for a demonstration.", length=6000)
    return Site(names=(name,), addresses=(address,), routes=(Route(response=front),), ports=ports)


INTERNET = Internet(
    sites=(
        _site("herald.example", "93.184.216.10", "The Morning Herald of Demoland"),
        _site("lantern.example", "93.184.216.20", "Lantern investigations and documents"),
        _site("courier.example", "93.184.216.30", "Provincial Courier, independent weekly", ports=(80,)),
        _site("weather.example", "93.184.216.40", "Weather and roads this evening"),
        _site("market.example", "93.184.216.50", "Market prices from every valley"),
        _site("library.example", "93.184.217.10", "National library reading room"),
        _site("museum.example", "93.184.218.10", "Museum of mountain railways"),
        _site("garden.example", "93.184.219.10", "Botanical garden opening hours"),
    )
)

ECHO_ADDRESSES = ("93.184.220.10", "93.184.221.10")


def with_echo(port: int) -> Internet:
    """Demoland's internet with our own echo host in it, which listens on a port of loopback."""
    backend = dict.fromkeys((80, 443), ("127.0.0.1", port))
    echo = Site(names=(), addresses=ECHO_ADDRESSES, backend=backend)
    return replace(INTERNET, sites=(*INTERNET.sites, echo))


TARGETS: tuple[Target, ...] = (
    Target(id="herald", name="The Morning Herald", urls=("https://herald.example/",), category="media"),
    Target(id="lantern", name="Lantern", urls=("https://lantern.example/",), category="media"),
    Target(id="courier", name="Provincial Courier", urls=("http://courier.example/",), category="media"),
    Target(id="weather", name="Weather and roads", urls=("https://weather.example/",), category="service"),
    Target(id="market", name="Market prices", urls=("https://market.example/",), category="service"),
    Target(id="library", name="National library", urls=("https://library.example/",), innocuous=True),
    Target(id="museum", name="Museum", urls=("https://museum.example/",), innocuous=True),
    Target(id="garden", name="Botanical garden", urls=("https://garden.example/",), innocuous=True),
)


def _point(name: str, network: str, country: str = "XD", role: Role = Role.VANTAGE) -> VantagePoint:
    return VantagePoint(id=name, country=country, network=network, role=role, kind="simulated", simulated=True)


POINTS: tuple[VantagePoint, ...] = (
    _point("valley-1", "AS64501"),
    _point("valley-2", "AS64501"),
    _point("ridge-1", "AS64502"),
    _point("ridge-2", "AS64502"),
    _point("river-1", "AS64503"),
    _point("abroad-1", "AS64510", "XA", Role.CONTROL),
    _point("abroad-2", "AS64511", "XB", Role.CONTROL),
    _point("abroad-3", "AS64512", "XC", Role.CONTROL),
)
VALLEY, RIDGE, RIVER = ("valley-1", "valley-2"), ("ridge-1", "ridge-2"), ("river-1",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Something that holds from one moment of the script to another (seconds of a script of 120; None: to its end)."""

    said: str
    """For the terminal, when it begins."""
    begins: float
    ends: float | None = None
    views: tuple[str, ...] = ()
    rule: Rule | None = None
    """What the network of `views` does to its users then."""
    down: str = ""
    """The site that is down for everybody then."""

    def holds(self, at: float) -> bool:
        """Whether it holds at a moment of the script."""
        return self.begins <= at and (self.ends is None or at < self.ends)


LENGTH = 120.0

SCRIPT: tuple[Turn, ...] = (
    Turn(
        said="AS64501's resolver denies that herald.example exists",
        begins=24,
        ends=84,
        views=VALLEY,
        rule=DNSForgery(names=("herald.example",), rcode=NXDOMAIN),
    ),
    Turn(
        said="AS64502's resolver follows",
        begins=30,
        ends=84,
        views=RIDGE,
        rule=DNSForgery(names=("herald.example",), rcode=NXDOMAIN),
    ),
    Turn(
        said="both networks reset connections that name lantern.example",
        begins=38,
        ends=92,
        views=VALLEY + RIDGE,
        rule=SNIBlock(names=("lantern.example",), action="reset"),
    ),
    Turn(
        said="AS64501 answers for courier.example with a page of its own",
        begins=48,
        views=VALLEY,
        rule=HostBlock(
            names=("courier.example",),
            action=block_page(NOTICE, status="403 Forbidden", headers=[("Content-Type", "text/html")]),
        ),
    ),
    Turn(said="weather.example goes down, for everybody", begins=56, ends=80, down="weather.example"),
    Turn(
        said="the resolver of vantage point river-1 breaks: it fails for every name",
        begins=62,
        ends=96,
        views=RIVER,
        rule=DNSForgery(names=("*.example",), rcode=SERVFAIL),
    ),
)


def rules_at(view: str, at: float) -> tuple[Rule, ...]:
    """What the network of a view does at a moment of the script.

    >>> [type(rule).__name__ for rule in rules_at("ridge-1", 40.0)]
    ['DNSForgery', 'SNIBlock']
    """
    return tuple(turn.rule for turn in SCRIPT if turn.rule is not None and view in turn.views and turn.holds(at))


def down_at(at: float) -> frozenset[str]:
    """The sites that are down for everybody at a moment of the script.

    >>> sorted(down_at(60.0))
    ['weather.example']
    """
    return frozenset(turn.down for turn in SCRIPT if turn.down and turn.holds(at))


def turns() -> tuple[float, ...]:
    """The moments of the script at which something changes, in order."""
    return tuple(sorted({turn.begins for turn in SCRIPT} | {turn.ends for turn in SCRIPT if turn.ends is not None}))


TRUTH: Mapping[str, tuple[str, float, float | None]] = {
    "herald": ("dns", 24, 84),
    "lantern": ("tls", 38, 92),
    "courier": ("http", 48, None),
}
"""What the script does to each target that it blocks: the layer where it shows, and from when to when."""

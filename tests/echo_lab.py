"""A small censored internet with our own echo host in it, for probes that compare names and for what reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from random import Random
from typing import Any

from probes.echo import Bounds, EchoServer, Identity, identity
from probes.model import DoHServer, DoTServer, Echo, Limits, Measurement, Resolvers, Target, Task, VantagePoint
from probes.testing import Internet, Loopback, Route, Rule, Site, View, page

TOKEN = "a-token-of-the-tests"
TARGET, INNOCUOUS = "kloop.test", "library.test"
AT_TARGET, ALSO_AT_TARGET = "93.184.216.34", "93.184.217.34"
AT_INNOCUOUS = "104.154.89.105"
ECHO_ONE, ECHO_TWO = "185.199.108.8", "185.199.109.9"
NO_DNS = "185.199.110.10"
LIMITS = Limits(dns=0.6, dns_linger=0.05, tcp=0.5, tls=0.5, http=0.8, total=20)
"""Enough for loopback, and short where a time-out is what is waited for."""
DOT = DoTServer(name="dns.quad9.net", address="9.9.9.9")
NOW = datetime.now(UTC)
OVER_QUIC = find_spec("aioquic") is not None
_KNOWN: list[Identity] = []


def known() -> Identity:
    """One identity for the whole run: keys are slow to make."""
    if not _KNOWN:
        _KNOWN.append(identity(None, NOW))
    return _KNOWN[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoLab:
    """The lab, the echo server in it, and the task that tells probes of it."""

    lab: Loopback
    server: EchoServer
    task: Task
    rules: tuple[Rule, ...] = field(default=())

    def network(self, *rules: Rule) -> View:
        """A network under these rules."""
        return self.lab.network("home", rules=rules)

    async def measure(self, kind: Any, *rules: Rule, seed: int = 1, url: str = "", **changes: Any) -> Measurement:
        """Measure with a probe of `kind` (a module of `probes.kinds`) on a network under `rules`."""
        task = replace(self.task, url=url or self.task.url, **changes)
        source = {"source": Random(seed)} if "source" in kind.measure.__annotations__ else {}
        return await kind.measure(task, self.network(*rules), lambda: datetime.now(UTC), **source)


def site(*, second: bool = False, **fields: Any) -> Site:
    """The target."""
    addresses = (AT_TARGET, ALSO_AT_TARGET) if second else (AT_TARGET,)
    routes = (Route(response=page("Kloop", length=100_000)),)
    return Site(**{"names": (TARGET,), "addresses": addresses, "routes": routes, **fields})


@asynccontextmanager
async def echo_lab(
    *, target: Site | None = None, others: tuple[Site, ...] = (), bounds: Bounds | None = None, **internet: Any
) -> AsyncIterator[EchoLab]:
    """The lab while it is entered: a target, an innocuous site, and an echo host with two addresses."""
    listen = [("127.0.0.1", 0)]
    async with EchoServer(
        listen=listen,
        quic=listen if OVER_QUIC else (),
        token=TOKEN,
        identity=known(),
        clock=lambda: datetime.now(UTC),
        bounds=bounds or Bounds(burst=500),
    ) as server:
        backend = dict.fromkeys((80, 443), ("127.0.0.1", server.ports[0]))
        over_quic = ("127.0.0.1", server.quic_ports[0]) if OVER_QUIC else None
        echo = Site(names=(), addresses=(ECHO_ONE, ECHO_TWO), backend=backend, quic_backend=over_quic)
        sites = (target or site(), Site(names=(INNOCUOUS,), addresses=(AT_INNOCUOUS,)), echo, *others)
        async with Loopback(Internet(sites=sites, **internet)) as lab:
            yield EchoLab(lab=lab, server=server, task=task(server))


def task(server: EchoServer) -> Task:
    """The order to compare the target with the innocuous site."""
    url = f"https://{TARGET}/"
    return Task(
        target=Target(id="kloop", urls=(url,)),
        url=url,
        vantage=VantagePoint(id="home", country="KG", simulated=True),
        resolvers=Resolvers(
            udp="9.9.9.9", doh=DoHServer(url="https://dns.google/dns-query", address="8.8.8.8"), dot=DOT
        ),
        limits=LIMITS,
        echo=Echo(addresses=(ECHO_ONE, ECHO_TWO), token=TOKEN, pin=server.identity.pin),
        innocuous_names=(INNOCUOUS,),
        no_dns=(NO_DNS,),
    )

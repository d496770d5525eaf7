"""Does this place itself work? Visits innocuous sites, looks for a captive portal, for IPv6, DNS64 and the resolver.

The sites' Date headers tell how far the clock is off. The canary is a page of our own echo host in the clear:
who gets another one sits behind a portal or a proxy. Without an echo host the first innocuous site is asked in the
clear, where a redirect to somebody else says the same, less surely. The target plays no part.
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import replace

from probes.flows.course import carry
from probes.flows.echo import ask
from probes.flows.reach import addresses_of, first_open
from probes.kinds import Need, Probe
from probes.model import Clock, Measurement, Purpose, Task
from probes.network import Network
from probes.steps.dns import WHOAMI, lookup
from probes.steps.http import fetch
from probes.steps.request import Visit
from probes.steps.tcp import connect
from probes.steps.trace import Trace
from probes.steps.url import parse

_SITES = 3
_BODY = 64 * 1024
_DNS64 = "ipv4only.arpa"
"""RFC 7050: it has IPv4 addresses only, so whoever gives an IPv6 one made it up from them."""


async def measure(task: Task, network: Network, clock: Clock) -> Measurement:
    """Look around and return the steps, each with its purpose; ValueError where the task has no innocuous name."""
    if not task.innocuous_names:
        raise ValueError("looking at a vantage point needs an innocuous name")

    async def walk(trace: Trace) -> None:
        small = trace.within(replace(trace.limits, body=_BODY, dns_linger=0.0))
        async with asyncio.TaskGroup() as group:
            for name in task.innocuous_names[:_SITES]:
                group.create_task(_visit(small, task, name))
            group.create_task(_canary(small.on(Purpose.CANARY), task))
            group.create_task(
                lookup(small.on(Purpose.WHOAMI), engine="system", name=WHOAMI, query_type="A", resolvers=task.resolvers)
            )
            group.create_task(
                lookup(
                    small.on(Purpose.DNS64), engine="system", name=_DNS64, query_type="AAAA", resolvers=task.resolvers
                )
            )

    return await carry(task, network, clock, kind=PROBE.name, version=PROBE.version, walk=walk)


async def _visit(trace: Trace, task: Task, name: str) -> None:
    """An innocuous site over TLS and, where it has one, its IPv6 address."""
    place = parse(f"https://{name}/")
    here = trace.on(Purpose.SITE)
    addresses = await addresses_of(here, place, task.resolvers, engines=("system",))
    six = next((address for address in addresses if ":" in address), None)
    if six is not None:
        stream = await connect(trace.on(Purpose.IPV6), six, place.port)
        if stream is not None:
            stream.close()
    channel = await first_open(here, place, addresses)
    if channel is not None:
        with closing(channel):
            await fetch(here, Visit(), channel, place)


async def _canary(trace: Trace, task: Task) -> None:
    """A page in the clear of which it is known what it says or, without an echo host, where it does not lead."""
    name = task.innocuous_names[0]
    if task.echo is not None:
        stream = await connect(trace, task.echo.addresses[0], task.echo.http_port)
        if stream is not None:
            with closing(stream):
                await ask(trace, task.echo, stream, "http", name)
        return
    place = parse(f"http://{name}/")
    channel = await first_open(trace, place, await addresses_of(trace, place, task.resolvers, engines=("system",)))
    if channel is not None:
        with closing(channel):
            await fetch(trace, Visit(), channel, place)


PROBE = Probe(name="vantage_health", version="0.1.0", measure=measure, needs=frozenset({Need.INNOCUOUS}), of_place=True)

"""Who is lied to about a name, and by whom: one name, every way to ask, and an innocuous name before and after.

The system's resolver, a public one over UDP and over TCP, and DNS over TLS and HTTPS are asked at once; each is asked
for an innocuous name first and last, so that a resolver that is broken is not taken for one that lies. Addresses that
run no DNS are asked, too: whatever answers from there was injected on the way, by something that is close enough to
answer.
"""

from __future__ import annotations

import asyncio
from random import Random, SystemRandom

from probes.flows.course import carry
from probes.flows.swap import prepare
from probes.kinds import Need, Probe
from probes.model import Clock, Measurement, Purpose, Resolvers, Task
from probes.network import Network
from probes.steps.dns import QueryType, lookup
from probes.steps.dnssec import validate
from probes.steps.resolver import Engine, ways
from probes.steps.trace import Trace

_ENGINES: tuple[Engine, ...] = ("system", "udp", "tcp", "dot", "doh")

_JUDGED: tuple[Engine, ...] = ("system", "udp")
"""Whose answers are held against the zone owner's signatures: those that go in clear."""


async def measure(task: Task, network: Network, clock: Clock, source: Random | None = None) -> Measurement:
    """Ask everybody for the host of `task.url` and return the steps, each with its purpose.

    `source` draws the innocuous name. ValueError where the URL is none or has no name, or where the task names nothing
    innocuous.
    """
    place, innocuous = prepare(task, source or SystemRandom())

    async def walk(trace: Trace) -> None:
        configured = ways(task.resolvers)
        async with asyncio.TaskGroup() as group:
            for engine in _ENGINES:
                if configured.get(engine, engine) is not None:
                    group.create_task(_sandwich(trace, engine, place.host, innocuous, task.resolvers))
            for engine in _JUDGED:
                if configured.get(engine, engine) is not None:
                    here = trace.on(Purpose.SIGNATURE)
                    judging = validate(here, engine=engine, name=place.host, query_type="A", resolvers=task.resolvers)
                    group.create_task(judging)
            for address in task.no_dns:
                group.create_task(_ask_nobody(trace, address, place.host, innocuous))

    return await carry(task, network, clock, kind=PROBE.name, version=PROBE.version, walk=walk)


async def _sandwich(trace: Trace, engine: Engine, host: str, innocuous: str, resolvers: Resolvers) -> None:
    """The innocuous name, three questions for the target's, and the innocuous name again, one after the other."""
    asked: tuple[tuple[str, QueryType, Purpose], ...] = (
        (innocuous, "A", Purpose.BEFORE),
        (host, "A", Purpose.VISIT),
        (host, "AAAA", Purpose.VISIT),
        (host, "HTTPS", Purpose.SERVICE),
        (innocuous, "A", Purpose.AFTER),
    )
    for name, family, purpose in asked:
        await lookup(trace.on(purpose), engine=engine, name=name, query_type=family, resolvers=resolvers)


async def _ask_nobody(trace: Trace, address: str, host: str, innocuous: str) -> None:
    """Both names to an address where silence, or a refusal by ICMP, is what has to come."""
    nobody = Resolvers(udp=address, doh=None)
    async with asyncio.TaskGroup() as group:
        for name, purpose in ((host, Purpose.NO_SERVER), (innocuous, Purpose.NO_SERVER_INNOCUOUS)):
            asking = lookup(trace.on(purpose), engine="udp", name=name, query_type="A", resolvers=nobody)
            group.create_task(asking)


PROBE = Probe(name="dns_consistency", version="0.1.0", measure=measure, needs=frozenset({Need.INNOCUOUS}))

"""Do the resolvers themselves work? Asks each for innocuous names and for one that nobody has.

A resolver that fails here proves nothing by failing for a target, and one that gives an address for an invented name
denies nothing honestly. Who a resolver really is, the answer to a whoami name tells: one that answers for another is in
the way. The names are those of `Task.innocuous_names`; the target plays no part.
"""

from __future__ import annotations

import asyncio
import string
from random import Random, SystemRandom

from probes.flows.course import carry
from probes.kinds import Need, Probe
from probes.model import Clock, Measurement, Purpose, Task
from probes.network import Network
from probes.steps.dns import WHOAMI, lookup
from probes.steps.resolver import Engine, ways
from probes.steps.trace import Trace

_ENGINES: tuple[Engine, ...] = ("system", "udp", "tcp", "dot", "doh")
_NAMES = 3


async def measure(task: Task, network: Network, clock: Clock, source: Random | None = None) -> Measurement:
    """Ask every configured resolver and return the steps; ValueError where the task has no innocuous name.

    `source` invents the name, below the first innocuous one.
    """
    drawing = source or SystemRandom()
    if not task.innocuous_names:
        raise ValueError("looking at resolvers needs an innocuous name")
    invented = "".join(drawing.choices(string.ascii_lowercase, k=12)) + f".{task.innocuous_names[0]}"

    async def ask(trace: Trace, engine: Engine) -> None:
        for name in task.innocuous_names[:_NAMES]:
            here = trace.on(Purpose.SITE)
            await lookup(here, engine=engine, name=name, query_type="A", resolvers=task.resolvers)
        here = trace.on(Purpose.WHOAMI)
        await lookup(here, engine=engine, name=WHOAMI, query_type="A", resolvers=task.resolvers)
        here = trace.on(Purpose.INVENTED)
        await lookup(here, engine=engine, name=invented, query_type="A", resolvers=task.resolvers)

    async def walk(trace: Trace) -> None:
        configured = ways(task.resolvers)
        async with asyncio.TaskGroup() as group:
            for engine in _ENGINES:
                if configured.get(engine, engine) is not None:
                    group.create_task(ask(trace, engine))

    return await carry(task, network, clock, kind=PROBE.name, version=PROBE.version, walk=walk)


PROBE = Probe(
    name="resolver_health", version="0.1.0", measure=measure, needs=frozenset({Need.INNOCUOUS}), of_place=True
)

"""Is it the Host header? Asks the target's address and our echo host in the clear, under the target's name and another.

What comes back under the target's name from a server of ours, and is not what that server says, was written on the way.
"""

from __future__ import annotations

from contextlib import closing
from random import Random, SystemRandom

from probes.flows.course import carry
from probes.flows.echo import ask
from probes.flows.swap import RESTS, Flow, prepare, swap
from probes.kinds import Need, Probe
from probes.model import Clock, Measurement, Task
from probes.network import Network
from probes.steps.http import fetch
from probes.steps.request import Visit
from probes.steps.tcp import connect
from probes.steps.trace import Trace
from probes.steps.url import parse

_HTTP = 80


async def measure(task: Task, network: Network, clock: Clock, source: Random | None = None) -> Measurement:
    """Compare the names and return the steps, each with its purpose.

    `source` draws the order and the innocuous name. An https:// URL is asked for in the clear, at port 80. Without an
    echo host only the target's address is compared. ValueError where the URL is none or has no name, or where the task
    names nothing innocuous.
    """
    drawing = source or SystemRandom()
    place, innocuous = prepare(task, drawing)
    own = parse(f"http://{place.host}/") if place.secure else place
    port = _HTTP if place.secure else place.port

    async def run(trace: Trace, flow: Flow) -> None:
        stream = await connect(trace, flow.address, task.echo.http_port if flow.echo and task.echo else port)
        if stream is None:
            return
        with closing(stream):
            if flow.echo and task.echo:
                await ask(trace, task.echo, stream, "http", flow.name)
            else:
                asked = own if flow.name == place.host else parse(f"http://{flow.name}/")
                await fetch(trace, Visit(), stream, asked, secret=task.echo.token if task.echo else "")

    async def walk(trace: Trace) -> None:
        await swap(trace, task, own, innocuous, source=drawing, run=run)

    resting = RESTS * task.hold_off
    return await carry(task, network, clock, kind=PROBE.name, version=PROBE.version, walk=walk, resting=resting)


PROBE = Probe(name="host_swap", version="0.1.0", measure=measure, needs=frozenset({Need.INNOCUOUS}))

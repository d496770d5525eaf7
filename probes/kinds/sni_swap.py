"""Is it the server name? Shows the target's name and an innocuous one to the target's address and to our echo host.

Four handshakes on fresh connections, one after the other in an order that is drawn: what fails with the target's name
and works with the other one, at a server of ours that treats them alike, was decided on the way (techniques.md §3, S8
and S9). At the echo host, where its key is pinned and a token is there, it is also asked what reached it. Nothing is
asked of the target: the handshake alone tells.
"""

from __future__ import annotations

from contextlib import closing
from random import Random, SystemRandom

from probes.flows.course import carry
from probes.flows.echo import ask, shake
from probes.flows.swap import RESTS, Flow, prepare, swap
from probes.kinds import Need, Probe
from probes.model import Clock, Measurement, Task
from probes.network import Network
from probes.steps.tcp import connect
from probes.steps.tls import handshake
from probes.steps.trace import Trace

_HTTPS = 443


async def measure(task: Task, network: Network, clock: Clock, source: Random | None = None) -> Measurement:
    """Compare the names and return the steps, each with its purpose.

    `source` draws the order and the innocuous name. Without an echo host only the target's address is compared.
    ValueError where the URL is none or has no name, or where the task names nothing innocuous.
    """
    drawing = source or SystemRandom()
    place, innocuous = prepare(task, drawing)
    port = place.port if place.secure else _HTTPS

    async def run(trace: Trace, flow: Flow) -> None:
        if flow.echo:
            await _at_echo(trace, task, flow)
            return
        stream = await connect(trace, flow.address, port)
        channel = await handshake(trace, stream, flow.name, good_for=place.host) if stream else None
        if channel is not None:
            channel.close()

    async def walk(trace: Trace) -> None:
        await swap(trace, task, place, innocuous, source=drawing, run=run)

    resting = RESTS * task.hold_off
    return await carry(task, network, clock, kind=PROBE.name, version=PROBE.version, walk=walk, resting=resting)


async def _at_echo(trace: Trace, task: Task, flow: Flow) -> None:
    assert task.echo is not None, "flows to the echo host are planned only where there is one"
    channel = await shake(trace, task.echo, flow.address, flow.name)
    if channel is None:
        return
    with closing(channel):
        if task.echo.pin:
            await ask(trace, task.echo, channel, "https", flow.name)


PROBE = Probe(name="sni_swap", version="0.1.0", measure=measure, needs=frozenset({Need.INNOCUOUS}))

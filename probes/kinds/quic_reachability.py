"""Does QUIC get through, and is it the server name? Handshakes over UDP, under two names, at two places.

First both places are asked which versions of QUIC they speak, which shows no name to the path. Then, as `sni_swap` does
over TCP: the target's name and an innocuous one to the target's address and to our echo host, one after the other in an
order that is drawn. Over what the target's own name opened the page is fetched by HTTP/3; our echo host is asked what
reached it. Needs the extra `quic`.
"""

from __future__ import annotations

from contextlib import closing
from random import Random, SystemRandom
from types import ModuleType

from probes.flows.course import carry
from probes.flows.echo import ask
from probes.flows.reach import addresses_of
from probes.flows.swap import TRUSTED_FIRST, Flow, flows, prepare
from probes.kinds import Need, Probe
from probes.model import Clock, Echo, Measurement, Purpose, Task
from probes.network import Network
from probes.steps.dns import lookup
from probes.steps.http import fetch
from probes.steps.request import Visit
from probes.steps.resolver import Engine
from probes.steps.trace import Trace
from probes.steps.url import WebAddress, parse
from probes.steps.versions import ask_versions

_HTTPS = 443
MISSING = "measuring QUIC needs the extra `quic`: pip install 'presscanary[quic]'"


async def measure(task: Task, network: Network, clock: Clock, source: Random | None = None) -> Measurement:
    """Compare the names over QUIC and return the steps, each with its purpose.

    `source` draws the order and the innocuous name. Without an echo host only the target's address is compared.
    ValueError where the extra `quic` is not installed, the URL is none or has no name, or the task names nothing
    innocuous.
    """
    drawing = source or SystemRandom()
    place, innocuous = prepare(task, drawing)
    port = place.port if place.secure else _HTTPS
    quic = _steps()

    async def at_target(trace: Trace, flow: Flow) -> None:
        channel = await quic.handshake(trace, flow.address, port, flow.name, good_for=place.host)
        if channel is not None:
            with closing(channel):
                if flow.purpose is Purpose.TRIGGER_AT_TARGET:
                    await fetch(trace, Visit(), channel, _page(place))

    async def at_echo(trace: Trace, echo: Echo, flow: Flow) -> None:
        channel = await quic.handshake(trace, flow.address, echo.quic_port, flow.name, pin=echo.pin)
        if channel is not None:
            with closing(channel):
                if echo.pin:
                    await ask(trace, echo, channel, "https", flow.name)

    async def walk(trace: Trace) -> None:
        addresses = await addresses_of(trace, place, task.resolvers, engines=TRUSTED_FIRST)
        at_ours = task.echo.addresses if task.echo else ()
        await _service(trace.on(Purpose.SERVICE), task, place)
        if addresses:
            await ask_versions(trace.on(Purpose.VERSIONS), addresses[0], port)
        if task.echo is not None and at_ours:
            await ask_versions(trace.on(Purpose.VERSIONS_AT_ECHO), at_ours[0], task.echo.quic_port)
        planned = list(flows(place.host, innocuous, addresses, at_ours))
        drawing.shuffle(planned)
        for flow in planned:
            here = trace.on(flow.purpose)
            if flow.echo and task.echo is not None:
                await at_echo(here, task.echo, flow)
            else:
                await at_target(here, flow)

    return await carry(task, network, clock, kind=PROBE.name, version=PROBE.version, walk=walk)


async def _service(trace: Trace, task: Task, place: WebAddress) -> None:
    """Whether the site says that it speaks HTTP/3, by the way that is hardest to lie on."""
    engine: Engine = "doh" if task.resolvers.doh is not None else "system"
    await lookup(trace, engine=engine, name=place.host, query_type="HTTPS", resolvers=task.resolvers)


def _steps() -> ModuleType:
    try:
        from probes.steps import quic  # noqa: PLC0415 - the extra `quic` may be absent
    except ModuleNotFoundError as error:
        raise ValueError(MISSING) from error
    return quic


def _page(place: WebAddress) -> WebAddress:
    """The page as HTTP/3 can ask for it, which is never in the clear."""
    return place if place.secure else parse(f"https://{place.host}/")


PROBE = Probe(name="quic_reachability", version="0.1.0", measure=measure, needs=frozenset({Need.INNOCUOUS}))

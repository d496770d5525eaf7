"""Is the target's name slowed down? Fetches one object from our echo host under it and under an innocuous name.

The same bytes in the order A B B A, twice, so that a line that grows slower or faster meanwhile treats both alike. The
names go to different addresses of the echo host where there are two: a censor who slows an address after it was shown
the name would spoil the comparison. Then the target's own page is fetched at its own address, for an https:// URL under
both names (the chain must be good for the target's name either way). How each response came in is kept.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from random import Random, SystemRandom

from probes.flows.course import carry
from probes.flows.echo import ask, shake
from probes.flows.reach import addresses_of
from probes.flows.swap import TRUSTED_FIRST, Flow, flows, prepare
from probes.kinds import Need, Probe
from probes.model import Clock, Echo, Measurement, Purpose, Task
from probes.network import Network
from probes.steps.http import fetch
from probes.steps.request import Visit
from probes.steps.tcp import connect
from probes.steps.tls import handshake
from probes.steps.trace import Trace
from probes.steps.url import WebAddress

_TRANSFER = 6.0
"""Seconds for one transfer at most: 12 of them have to fit into the total, and a policer's rate shows in less."""
_ROUNDS = 2


async def measure(task: Task, network: Network, clock: Clock, source: Random | None = None) -> Measurement:
    """Compare the speeds and return the steps, each with its purpose.

    `source` draws the innocuous name and which of the two begins. ValueError where the URL is none or has no name, the
    task names nothing innocuous, or there is no echo host with a token (and, for https://, a pin).
    """
    drawing = source or SystemRandom()
    place, innocuous = prepare(task, drawing)
    echo = _usable(task.echo, place)

    async def walk(trace: Trace) -> None:
        brief = trace.within(replace(trace.limits, http=min(trace.limits.http, _TRANSFER)))
        for flow in _order(flows(place.host, innocuous, (), echo.addresses), drawing) * _ROUNDS:
            await _from_echo(brief.on(flow.purpose), echo, place, flow)
        at_target = await addresses_of(trace, place, task.resolvers, engines=TRUSTED_FIRST)
        for flow in _order(flows(place.host, innocuous, at_target[:1], ()), drawing):
            if place.secure or flow.purpose is Purpose.TRIGGER_AT_TARGET:
                await _from_target(brief.on(flow.purpose), place, flow)

    return await carry(task, network, clock, kind=PROBE.name, version=PROBE.version, walk=walk)


def _usable(echo: Echo | None, place: WebAddress) -> Echo:
    if echo is None or not echo.token or (place.secure and not echo.pin):
        raise ValueError("comparing speeds needs an echo host with a token and a pin")
    return echo


def _order(pair: tuple[Flow, ...], drawing: Random) -> tuple[Flow, ...]:
    """A B B A, where A is drawn."""
    mixed = drawing.sample(pair, k=len(pair))
    return (*mixed, *reversed(mixed))


async def _from_echo(trace: Trace, echo: Echo, place: WebAddress, flow: Flow) -> None:
    if place.secure:
        channel = await shake(trace, echo, flow.address, flow.name)
    else:
        channel = await connect(trace, flow.address, echo.http_port)
    if channel is not None:
        with closing(channel):
            await ask(trace, echo, channel, place.scheme, flow.name, timed=True)


async def _from_target(trace: Trace, place: WebAddress, flow: Flow) -> None:
    stream = await connect(trace, flow.address, place.port)
    if stream is None:
        return
    channel = await handshake(trace, stream, flow.name, good_for=place.host) if place.secure else stream
    if channel is not None:
        with closing(channel):
            await fetch(trace, Visit(), channel, place, timed=True)


PROBE = Probe(name="throttle", version="0.1.0", measure=measure, needs=frozenset({Need.INNOCUOUS, Need.ECHO}))

"""Visits a web page as a browser would, one step at a time, and follows where it redirects to.

At each hop the host is looked up by the system's resolver, by a public one and by DNS over HTTPS; every address found
is connected to (and shaken hands with, for https), unless it is one that must not be dialled; over one of the
connections the page is fetched.

Resolvers are listened to for later answers while all this goes on. Thin on purpose so far: an http:// URL is measured
in clear text only (OONI also shakes hands on port 443 to vouch for the address).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

from probes.failure import TIMEOUT
from probes.kinds import Probe
from probes.model import Clock, Failure, Measurement, Resolvers, Screened, Task
from probes.network import Network
from probes.proxied import Proxied
from probes.steps.dns import QueryType, lookup
from probes.steps.http import fetch
from probes.steps.request import Visit
from probes.steps.resolver import Engine
from probes.steps.tcp import Channel, connect
from probes.steps.tls import handshake
from probes.steps.trace import Trace
from probes.steps.url import WebAddress, parse

_ENGINES: tuple[Engine, ...] = ("system", "udp", "doh")
_FAMILIES: tuple[QueryType, ...] = ("A", "AAAA")
_GRACE = 0.5
"""Seconds that a better address is still waited for once another one is connected (as OONI's web_connectivity does)."""


async def measure(task: Task, network: Network, clock: Clock) -> Measurement:
    """Visit `task.url` on `network` and return all steps; ValueError where the URL is none.

    Whatever the network does ends as a failure in the record. Where `limits.total` is reached, the measurement's own
    failure says so, and the steps that were under way are among the others as `generic_timeout_error`.
    """
    place = parse(task.url)
    loop = asyncio.get_running_loop()
    started, zero = clock(), loop.time()
    trace = Trace(network=network, limits=task.limits, started=started, elapsed=lambda: loop.time() - zero)
    failure: Failure = None
    try:
        async with asyncio.timeout(task.limits.total):
            await _walk(trace, place, task.resolvers)
    except TimeoutError:
        failure = TIMEOUT
    return Measurement(
        kind=PROBE.name,
        kind_version=PROBE.version,
        target=task.target.id,
        url=task.url,
        vantage=task.vantage,
        started=started,
        duration=trace.elapsed(),
        steps=trace.record(),
        failure=failure,
        innocuous=task.target.innocuous,
        software=_software(),
    )


async def _walk(trace: Trace, place: WebAddress, resolvers: Resolvers) -> None:
    """Follow the page from hop to hop; connections that nobody waits for any more end beside the later hops."""
    visit = Visit()
    referer: str | None = None
    with ExitStack() as channels:
        async with asyncio.TaskGroup() as group:
            for hop in range(trace.limits.redirects + 1):
                here = trace.at(hop)
                addresses = _screen(here, place.port, await _resolve(group, here, place, resolvers))
                best = await _connect(group, here, place, addresses, channels)
                if best is None:
                    return
                last = hop == trace.limits.redirects
                target = await fetch(here, visit, best, place, referer=referer, last=last, timed=True)
                best.close()
                if target is None:
                    return
                referer, place = place.url, target


async def _connect(
    group: asyncio.TaskGroup, trace: Trace, place: WebAddress, addresses: Sequence[str], channels: ExitStack
) -> Channel | None:
    """Reach for every address at once; the connection to fetch over, or None. The others are closed once made."""
    reaching = [group.create_task(_reach(trace, place, address, channels)) for address in addresses]
    best = await _best(reaching)
    for each in reaching:
        each.add_done_callback(lambda done: _drop(done, best))
    return best


async def _resolve(group: asyncio.TaskGroup, trace: Trace, place: WebAddress, resolvers: Resolvers) -> tuple[str, ...]:
    """The addresses of the host: the system's first, then the public resolver's, then those of DNS over HTTPS.

    Resolvers are listened to in the group for later answers, which nobody has to wait for before connecting.
    """
    if place.literal or isinstance(trace.network, Proxied):  # a proxy looks the name up, and keeps what it found
        return (place.host,)
    configured = {"system": True, "udp": resolvers.udp is not None, "doh": resolvers.doh is not None}
    loop = asyncio.get_running_loop()
    known: list[asyncio.Future[tuple[str, ...]]] = []
    for engine in _ENGINES:
        for query_type in _FAMILIES if configured[engine] else ():
            known.append(loop.create_future())
            asking = lookup(
                trace, engine=engine, name=place.host, query_type=query_type, resolvers=resolvers, early=known[-1]
            )
            group.create_task(asking)
    return tuple(dict.fromkeys([address for each in known for address in await each]))


def _screen(trace: Trace, port: int, addresses: Sequence[str]) -> tuple[str, ...]:
    """The addresses that may be dialled; the others are kept as evidence. Both at most `limits.addresses`."""
    reasons = {address: trace.network.screen(address) for address in addresses}
    screened = [(address, reason) for address, reason in reasons.items() if reason is not None]
    for address, reason in screened[: trace.limits.addresses]:
        trace.keep(Screened(hop=trace.hop, address=address, port=port, reason=reason, started=trace.elapsed()))
    return tuple(address for address, reason in reasons.items() if reason is None)[: trace.limits.addresses]


async def _reach(trace: Trace, place: WebAddress, address: str, channels: ExitStack) -> Channel | None:
    """A connection that the page may be fetched over, or None; it is closed with `channels` at the latest."""
    stream = await connect(trace, address, place.port)
    if stream is None:
        return None
    channels.callback(stream.close)
    return await handshake(trace, stream, place.host) if place.secure else stream


async def _best(reaching: Sequence[asyncio.Task[Channel | None]]) -> Channel | None:
    """The first address in order that could be reached; better ones are waited for only `_GRACE` seconds."""
    waiting: set[asyncio.Task[Channel | None]] = set(reaching)
    while waiting and _first(reaching) is None:
        _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    with suppress(TimeoutError):  # then the best of those that are there
        async with asyncio.timeout(_GRACE):
            for each in reaching:
                await asyncio.wait((each,))
                if each.result() is not None:
                    break
    return _first(reaching)


def _first(reaching: Sequence[asyncio.Task[Channel | None]]) -> Channel | None:
    return next((channel for each in reaching if each.done() and (channel := each.result()) is not None), None)


def _drop(done: asyncio.Task[Channel | None], best: Channel | None) -> None:
    """Close a connection that was made for the record only."""
    if done.cancelled() or done.exception() is not None:
        return
    channel = done.result()
    if channel is not None and channel is not best:
        channel.close()


@lru_cache(maxsize=1)
def _software() -> str:
    try:
        return f"presscanary {version('presscanary')}"
    except PackageNotFoundError:
        return "presscanary"


PROBE = Probe(name="website", version="0.1.0", measure=measure, by_proxy=True)

"""Where on the way is it done? Sends the target's name and an innocuous one ever further, one router at a time.

Each message is sent with 1, 2, 3 … hops to live, under both names: where their fates part, there somebody reads along.
SYNs go to the target's address and to an innocuous site's. A ClientHello (for an https:// URL) and a GET in the clear
go to the target's address under either name, on connections that were opened as usual. Questions go to the public UDP
resolver. The innocuous name always goes first, and all connections of one name are open before it is shown: a censor
who punishes an address for what he has seen cannot spoil the comparison. What was answered with silence is sent once
more. IPv4 and IPv6 are measured one after the other, where both sites have such addresses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from random import Random, SystemRandom
from typing import TypeAlias

from probes.failure import TIMEOUT
from probes.flows.course import carry
from probes.flows.reach import addresses_of
from probes.flows.swap import TRUSTED_FIRST, prepare
from probes.kinds import Need, Probe
from probes.model import Clock, Failure, Measurement, Purpose, Task
from probes.network import Network
from probes.steps.resolver import endpoint
from probes.steps.tcp import connect
from probes.steps.tls import client_hello
from probes.steps.trace import Trace
from probes.steps.ttl import Message, send_data, send_question, send_syn
from probes.steps.url import parse

Peer: TypeAlias = tuple[str, int]
Send: TypeAlias = Callable[[Sequence[int]], Awaitable[dict[int, Failure]]]
"""Sends one message per number of hops, all at once, and says what became of each."""

_AT_ONCE = 8
_FARTHEST = 24
"""Hops; ways that are longer are rare, and such a site is then not measured."""
_TRIES = 2
_HTTP = 80
_ARRIVED = (None, "connection_refused")


async def measure(task: Task, network: Network, clock: Clock, source: Random | None = None) -> Measurement:
    """Compare the ways and return the steps, each with its purpose; `source` draws the innocuous name.

    ValueError where the URL is none or has no name, or where the task names nothing innocuous.
    """
    place, innocuous = prepare(task, source or SystemRandom())
    beside = parse(f"{place.scheme}://{innocuous}/")
    names = {Purpose.INNOCUOUS_AT_TARGET: innocuous, Purpose.TRIGGER_AT_TARGET: place.host}

    async def walk(trace: Trace) -> None:
        at_target = await addresses_of(trace, place, task.resolvers, engines=TRUSTED_FIRST)
        at_site = await addresses_of(trace.on(Purpose.SITE), beside, task.resolvers, engines=TRUSTED_FIRST)
        for here, there in _pairs(at_target, at_site):
            distance = await _compare_addresses(trace, (place.host, here), (innocuous, there), place.port)
            if distance is None:
                continue
            if place.secure:
                await _compare_names(trace, names, _hello, (here, place.port), distance)
            await _compare_names(trace, names, _get, (here, _HTTP if place.secure else place.port), distance)
        if task.resolvers.udp is not None:
            await _compare_questions(trace, place.host, innocuous, endpoint(task.resolvers.udp))

    return await carry(task, network, clock, kind=PROBE.name, version=PROBE.version, walk=walk)


def _pairs(ours: Sequence[str], theirs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The first address of each, by version, where both have one.

    >>> _pairs(["192.0.2.1", "192.0.2.2", "2001:db8::1"], ["192.0.2.9"])
    (('192.0.2.1', '192.0.2.9'),)
    """
    firsts = [
        [next((address for address in each if (":" in address) is wanted), None) for each in (ours, theirs)]
        for wanted in (False, True)
    ]
    return tuple((here, there) for here, there in firsts if here is not None and there is not None)


async def _compare_addresses(trace: Trace, target: tuple[str, str], site: tuple[str, str], port: int) -> int | None:
    """SYNs to both; how far away the target's address is, or None where nothing from there ever came."""
    known = await _distance(trace.on(Purpose.SITE), *site, port, _FARTHEST)
    farthest = _FARTHEST if known is None else min(_FARTHEST, known + _AT_ONCE)
    return await _distance(trace.on(Purpose.TRIGGER_AT_TARGET), *target, port, farthest)


async def _distance(trace: Trace, name: str, address: str, port: int, farthest: int) -> int | None:
    peer = (address, port)
    return await _first_arrival(partial(_each, lambda ttl: send_syn(trace, name, peer, ttl)), farthest)


async def _first_arrival(send: Send, farthest: int) -> int | None:
    """The fewest hops with which something arrived, tried a few numbers at a time."""
    for first in range(1, farthest + 1, _AT_ONCE):
        fates = await _insist(range(first, min(first + _AT_ONCE, farthest + 1)), send)
        arrived = [ttl for ttl, failure in fates.items() if failure in _ARRIVED]
        if arrived:
            return min(arrived)
    return None


async def _compare_names(
    trace: Trace, names: Mapping[Purpose, str], make: Callable[[str], Message], peer: Peer, distance: int
) -> None:
    """The same message under each name, in their order."""
    for purpose, name in names.items():
        await _insist(range(1, distance + 1), partial(_over_tcp, trace.on(purpose), make(name), peer))


async def _over_tcp(trace: Trace, message: Message, peer: Peer, ttls: Sequence[int]) -> dict[int, Failure]:
    streams = await asyncio.gather(*(connect(trace, *peer) for _ in ttls))
    opened = {ttl: stream for ttl, stream in zip(ttls, streams, strict=True) if stream is not None}
    try:
        return await _each(lambda ttl: send_data(trace, message, opened[ttl], ttl), tuple(opened))
    finally:
        for stream in opened.values():
            stream.close()


async def _compare_questions(trace: Trace, host: str, innocuous: str, resolver: Peer) -> None:
    before = trace.on(Purpose.BEFORE)
    distance = await _first_arrival(
        partial(_each, lambda ttl: send_question(before, innocuous, resolver, ttl)), _FARTHEST
    )
    if distance is not None:
        await _insist(range(1, distance + 1), partial(_each, lambda ttl: send_question(trace, host, resolver, ttl)))


async def _insist(ttls: Sequence[int], send: Send) -> dict[int, Failure]:
    """Send to each distance, and once more where nothing came back."""
    fates: dict[int, Failure] = {}
    left = ttls
    for _ in range(_TRIES):
        fates |= await send(left)
        left = [ttl for ttl in left if fates.get(ttl) == TIMEOUT]
        if not left:
            break
    return fates


async def _each(send: Callable[[int], Awaitable[Failure]], ttls: Sequence[int]) -> dict[int, Failure]:
    return dict(zip(ttls, await asyncio.gather(*map(send, ttls)), strict=True))


def _hello(name: str) -> Message:
    return Message(method="tls", name=name, data=client_hello(name))


def _get(name: str) -> Message:
    request = f"GET / HTTP/1.1\r\nHost: {name}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    return Message(method="http", name=name, data=request.encode("ascii"))


PROBE = Probe(name="hop", version="0.1.0", measure=measure, needs=frozenset({Need.INNOCUOUS}))

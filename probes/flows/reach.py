"""From a name to an open connection: addresses found and screened, one connection at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from probes.model import DNSLookup, Resolvers, Screened
from probes.steps.dns import lookup
from probes.steps.resolver import Engine, ways
from probes.steps.tcp import Channel, connect
from probes.steps.tls import handshake
from probes.steps.trace import Trace
from probes.steps.url import WebAddress


async def addresses_of(
    trace: Trace, place: WebAddress, resolvers: Resolvers, *, engines: Sequence[Engine]
) -> tuple[str, ...]:
    """The addresses of a host that may be dialled, IPv4 before IPv6, in the order of `engines`; all are asked at once.

    An engine that is not configured is left out. Addresses that must not be dialled are kept as steps; of either sort
    at most `limits.addresses`.
    """
    if place.literal:
        return screened(trace, (place.host,), place.port)
    configured = ways(resolvers)
    async with asyncio.TaskGroup() as group:
        asking = [
            group.create_task(lookup(trace, engine=engine, name=place.host, query_type=family, resolvers=resolvers))
            for engine in engines
            if configured.get(engine, engine) is not None
            for family in ("A", "AAAA")
        ]
    return screened(trace, _found([each.result() for each in asking]), place.port)


def _found(lookups: Sequence[DNSLookup]) -> tuple[str, ...]:
    """Addresses of the lookups that were answered, each once; those of version 4 first."""
    every = dict.fromkeys(address for each in lookups if each.failure is None for address in each.addresses)
    return tuple(sorted(every, key=lambda address: ":" in address))


def screened(trace: Trace, addresses: Sequence[str], port: int) -> tuple[str, ...]:
    """The addresses that may be dialled; the others are kept as evidence. Of either at most `limits.addresses`."""
    reasons = {address: trace.network.screen(address) for address in addresses}
    refused = [(address, reason) for address, reason in reasons.items() if reason is not None]
    for address, reason in refused[: trace.limits.addresses]:
        trace.keep(
            Screened(
                hop=trace.hop,
                address=address,
                port=port,
                reason=reason,
                started=trace.elapsed(),
                purpose=trace.purpose,
            )
        )
    return tuple(address for address, reason in reasons.items() if reason is None)[: trace.limits.addresses]


async def first_open(trace: Trace, place: WebAddress, addresses: Sequence[str]) -> Channel | None:
    """A connection to the first address, in order, that lets itself be reached, with TLS where asked for; or None."""
    for address in addresses:
        stream = await connect(trace, address, place.port)
        if stream is None:
            continue
        channel: Channel | None = await handshake(trace, stream, place.host) if place.secure else stream
        if channel is not None:
            return channel
    return None

"""The ways to a resolver: over UDP, TCP, TLS and HTTPS, each from the bytes of a question to those of an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import closing
from ipaddress import ip_address
from typing import Literal, TypeAlias

from probes.failure import MISBEHAVING, NamedError
from probes.model import DoHServer, DoTServer, Resolvers
from probes.network import Network
from probes.steps import certificate, url
from probes.steps.http import post
from probes.steps.inbox import Inbox
from probes.steps.tcp import Channel, dial
from probes.steps.tls import secure
from probes.steps.trace import Trace

Engine: TypeAlias = Literal["system", "udp", "tcp", "dot", "doh"]
NO_RESOLVER = "dns_temporary_failure"
_MEDIA_TYPE = "application/dns-message"
_LARGEST = 65535
_TRUNCATED = 0x02
"""TC in the third byte of a message (RFC 1035 §4.1.1)."""
_RESEND = (0.25, 0.25, 0.5)
"""The question is sent again after a quarter and after half of the time limit: one lost packet is no censorship."""


async def exchange(trace: Trace, engine: Engine, resolvers: Resolvers, wire: bytes) -> bytes:
    """The first answer to a question of one's own, as bytes; one of `FAULTS` else. The time limit is the caller's."""
    match engine:
        case "tcp" if resolvers.udp is not None:
            return await over_tcp(trace.network, wire, *endpoint(resolvers.udp))
        case "dot" if resolvers.dot is not None:
            return await over_tls(trace, wire, resolvers.dot)
        case "doh" if resolvers.doh is not None:
            return await over_https(trace, wire, resolvers.doh)
        case "udp" if resolvers.udp is not None:
            return await _first_datagram(trace, wire, *endpoint(resolvers.udp))
        case "system" if trace.network.resolver is not None:
            return await _first_datagram(trace, wire, *trace.network.resolver)
    raise NamedError(NO_RESOLVER, "no such resolver is configured")


async def _first_datagram(trace: Trace, wire: bytes, address: str, port: int) -> bytes:
    """What comes first with the question's id; over TCP where it is cut short."""
    first: list[bytes] = []
    errors: list[OSError] = []
    settled = asyncio.Event()

    def heard(datagram: bytes, _: int | None) -> None:
        if datagram[:2] == wire[:2] and not first:
            first.append(datagram)
            settled.set()

    def broke(error: OSError) -> None:
        errors.append(error)
        settled.set()

    opened, target = trace.network.open(address, port, "udp")
    with closing(opened):
        opened.connect(target)
        trace.own.learn(str(opened.getsockname()[0]))
        with Inbox(opened, heard, broke) as inbox:
            await insist(inbox, wire, settled, trace.limits.dns)
    if not first:
        raise errors[0] if errors else TimeoutError
    if len(first[0]) > 3 and first[0][2] & _TRUNCATED:
        return await over_tcp(trace.network, wire, address, port)
    return first[0]


async def insist(inbox: Inbox, wire: bytes, settled: asyncio.Event, limit: float) -> None:
    """Send a question, again where nothing settles it; TimeoutError after `limit` seconds."""
    for share in _RESEND:
        inbox.send(wire)
        try:
            async with asyncio.timeout(limit * share):
                await settled.wait()
        except TimeoutError:
            continue
        return
    raise TimeoutError


async def over_tcp(network: Network, wire: bytes, address: str, port: int) -> bytes:
    """RFC 1035 §4.2.2: two octets of length, then the message; OSError or NamedError where it breaks off."""
    stream = await dial(network, address, port)
    with closing(stream):
        return await _exchange(stream, wire)


async def over_tls(trace: Trace, wire: bytes, server: DoTServer) -> bytes:
    """The same inside TLS (RFC 7858), where the certificate has the server's name; NamedError where it has not."""
    stream = await dial(trace.network, server.address, server.port)
    with closing(stream):
        trace.own.learn(stream.local)
        channel = await secure(stream, server.name)
        certificate.check(channel.chain, server.name, trace.network.roots, trace.started)
        return await _exchange(channel, wire)


async def over_https(trace: Trace, wire: bytes, server: DoHServer) -> bytes:
    """The same by HTTPS (RFC 8484); NamedError for any answer but 200, ValueError where the URL is none of HTTPS."""
    place = url.parse(server.url)
    if not place.secure:
        raise ValueError(f"DNS over HTTPS needs an https:// URL, not {server.url!r}")
    stream = await dial(trace.network, server.address, place.port)
    with closing(stream):
        trace.own.learn(stream.local)
        channel = await secure(stream, place.host)
        certificate.check(channel.chain, place.host, trace.network.roots, trace.started)
        status, media_type, answer = await post(channel, place, wire, media_type=_MEDIA_TYPE, limit=_LARGEST)
    if status != 200 or not media_type.startswith(_MEDIA_TYPE):
        raise NamedError(MISBEHAVING, f"HTTP {status}, {media_type[:80]}")
    return answer


async def _exchange(channel: Channel, wire: bytes) -> bytes:
    await channel.write(len(wire).to_bytes(2, "big") + wire)
    received = b""
    while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2], "big"):
        chunk = await channel.read(_LARGEST)
        if not chunk:
            raise NamedError("eof_error")
        received += chunk
    return received[2 : 2 + int.from_bytes(received[:2], "big")]


def ways(resolvers: Resolvers) -> Mapping[str, object]:
    """What each engine but the system's needs to be configured: None where it is not."""
    return {"udp": resolvers.udp, "tcp": resolvers.udp, "dot": resolvers.dot, "doh": resolvers.doh}


def endpoint(text: str, usual: int = 53) -> tuple[str, int]:
    """Address and port of a resolver that is written as an address, with a port or `usual`; ValueError else.

    >>> endpoint("9.9.9.9"), endpoint("[2620:fe::fe]:5353"), endpoint("2620:fe::fe")
    (('9.9.9.9', 53), ('2620:fe::fe', 5353), ('2620:fe::fe', 53))
    """
    address, port = text, str(usual)
    if text.startswith("["):
        address, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is no address of a resolver")
    return str(ip_address(address)), int(port)


def shown(engine: Engine, resolvers: Resolvers) -> str:
    """The resolver as it is recorded: the system's never, because it would tell where the operator sits."""
    match engine:
        case "udp" | "tcp" if resolvers.udp is not None:
            address, port = endpoint(resolvers.udp)
            return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        case "dot" if resolvers.dot is not None:
            return f"tls://{resolvers.dot.name}"
        case "doh" if resolvers.doh is not None:
            return resolvers.doh.url
    return ""

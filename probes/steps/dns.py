"""Asking one resolver one question, and keeping every answer that comes: injected ones race the true one.

Engines: `system` is the resolver that the machine is configured with, asked directly (getaddrinfo hides which answer
came when, and its pool of threads stalls under black holes; `/etc/hosts` and search domains play no part). `udp` is a
public resolver, `tcp` the same one asked over TCP. `doh` is DNS over HTTPS (RFC 8484) at a pinned address, its
certificate verified; it needs no DNS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from ipaddress import ip_address
from typing import Literal, TypeAlias

from probes.failure import MISBEHAVING, TIMEOUT, NamedError, failure_of, rcode_failure
from probes.model import Datagram, DNSLookup, DoHServer, Failure, Resolvers
from probes.network import Network
from probes.steps import certificate, question, url
from probes.steps.http import FAULTS, post
from probes.steps.inbox import Inbox
from probes.steps.question import Question, Reply
from probes.steps.tcp import dial
from probes.steps.tls import secure
from probes.steps.trace import Trace

Engine: TypeAlias = Literal["system", "udp", "tcp", "doh"]
QueryType: TypeAlias = Literal["A", "AAAA"]

WRONG_ID = "dns_reply_with_wrong_query_id"
_NO_RESOLVER = "dns_temporary_failure"
_MEDIA_TYPE = "application/dns-message"
_LARGEST = 65535
_MOST_DATAGRAMS = 32
_RESEND = (0.25, 0.25, 0.5)
"""The question is sent again after a quarter and after half of the time limit: one lost packet is no censorship."""


async def lookup(trace: Trace, *, engine: Engine, name: str, query_type: QueryType, resolvers: Resolvers) -> DNSLookup:
    """Ask `engine` for the addresses of `name` within `limits.dns`, keep the step, and return it.

    The first acceptable answer counts: id and question fit, and it can be read. UDP is listened to for another
    `limits.dns_linger` within the limit. A truncated answer is asked for again over TCP, and then that one counts.
    Where nothing acceptable came, the failure says the most that is known: an ICMP error, answers that could not be
    read (`dns_server_misbehaving`), answers to other questions (`dns_reply_with_wrong_query_id`), else a timeout.
    """
    started = trace.elapsed()
    hearing = _Hearing(question.ask(name, query_type, identified=engine != "doh"), trace.elapsed)
    failure: Failure = TIMEOUT  # stands where the whole measurement is cut short meanwhile
    try:
        async with asyncio.timeout(trace.limits.dns):
            await _ask(trace, hearing, engine, resolvers)
    except FAULTS as error:
        failure = hearing.explain(failure_of(error))
    finally:
        reply, answered = hearing.reply, hearing.answered
        if reply is not None:
            failure = rcode_failure(reply.rcode or 0, found=reply.holds(query_type))
        step = DNSLookup(
            hop=trace.hop,
            engine=engine,
            resolver=_shown(engine, resolvers),
            name=name,
            query_type=query_type,
            started=started,
            duration=(trace.elapsed() if reply is None else answered) - started,
            failure=failure,
            rcode=None if reply is None else reply.rcode,
            answers=() if reply is None else reply.answers,
            datagrams=tuple(hearing.datagrams),
            purpose=trace.purpose,
        )
        trace.keep(step)
    return step


async def _ask(trace: Trace, hearing: _Hearing, engine: Engine, resolvers: Resolvers) -> None:
    match engine:
        case "system":
            if trace.network.resolver is None:
                raise NamedError(_NO_RESOLVER, "no resolver is configured")
            trace.own.learn(trace.network.resolver[0], socket=False)
            await _ask_server(trace, hearing, *trace.network.resolver)
        case "udp":
            if resolvers.udp is None:
                raise ValueError("no public resolver is configured")
            await _ask_server(trace, hearing, *endpoint(resolvers.udp))
        case "tcp":
            if resolvers.udp is None:
                raise ValueError("no public resolver is configured")
            hearing.take(await _ask_over_tcp(trace.network, hearing.wire, *endpoint(resolvers.udp)))
        case "doh":
            if resolvers.doh is None:
                raise ValueError("no DNS-over-HTTPS server is configured")
            hearing.take(await _ask_over_https(trace, hearing.wire, resolvers.doh))


class _Hearing:
    """What was heard in answer to one question: the datagrams, the first acceptable reply, the last error."""

    def __init__(self, asked: Question, elapsed: Callable[[], float]) -> None:
        self.wire = asked.wire
        self.datagrams: list[Datagram] = []
        self.reply: Reply | None = None
        self.answered = 0.0
        self.error: OSError | None = None
        self.settled = asyncio.Event()
        self._asked = asked
        self._elapsed = elapsed

    def heard(self, wire: bytes, ip_ttl: int | None) -> None:
        """Keep a datagram, and take it for the reply if it is the first acceptable one."""
        reply = question.read(self._asked, wire)
        if len(self.datagrams) < _MOST_DATAGRAMS:
            self.datagrams.append(
                Datagram(
                    arrived=self._elapsed(),
                    ip_ttl=ip_ttl,
                    rcode=reply.rcode,
                    answers=reply.answers,
                    edns=reply.edns,
                    authoritative=reply.authoritative,
                    malformed=reply.malformed,
                    stray=reply.stray,
                )
            )
        if reply.acceptable and self.reply is None:
            self._settle(reply)

    def broke(self, error: OSError) -> None:
        """Note an ICMP error; an answer may still come, and then counts."""
        self.error = error
        self.settled.set()

    def take(self, wire: bytes) -> None:
        """Take an answer that came over a connection; NamedError where it cannot be accepted."""
        reply = question.read(self._asked, wire)
        if not reply.acceptable:
            raise NamedError(WRONG_ID if reply.stray and not reply.malformed else MISBEHAVING)
        self._settle(reply)

    def explain(self, failure: str) -> str:
        """A more telling word than a timeout, where datagrams came and none could be accepted."""
        if failure != TIMEOUT or not self.datagrams:
            return failure
        return WRONG_ID if all(datagram.stray for datagram in self.datagrams) else MISBEHAVING

    def _settle(self, reply: Reply) -> None:
        self.reply = reply
        self.answered = self._elapsed()
        self.settled.set()


async def _ask_server(trace: Trace, hearing: _Hearing, address: str, port: int) -> None:
    await _ask_over_udp(trace, hearing, address, port)
    if hearing.reply is not None and hearing.reply.truncated:
        hearing.reply = None
        hearing.take(await _ask_over_tcp(trace.network, hearing.wire, address, port))


async def _ask_over_udp(trace: Trace, hearing: _Hearing, address: str, port: int) -> None:
    opened, target = trace.network.open(address, port, "udp")
    with closing(opened):
        opened.connect(target)
        trace.own.learn(str(opened.getsockname()[0]))
        with Inbox(opened, hearing.heard, hearing.broke) as inbox:
            await _send_until_settled(inbox, hearing, trace.limits.dns)
            if hearing.reply is None or not hearing.reply.truncated:
                await asyncio.sleep(trace.limits.dns_linger)
    if hearing.reply is None and hearing.error is not None:
        raise hearing.error


async def _send_until_settled(inbox: Inbox, hearing: _Hearing, limit: float) -> None:
    for share in _RESEND:
        inbox.send(hearing.wire)
        try:
            async with asyncio.timeout(limit * share):
                await hearing.settled.wait()
        except TimeoutError:
            continue
        return
    raise TimeoutError


async def _ask_over_tcp(network: Network, wire: bytes, address: str, port: int) -> bytes:
    """RFC 1035 §4.2.2: two octets of length, then the message."""
    stream = await dial(network, address, port)
    with closing(stream):
        await stream.write(len(wire).to_bytes(2, "big") + wire)
        received = b""
        while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2], "big"):
            chunk = await stream.read(_LARGEST)
            if not chunk:
                raise NamedError("eof_error")
            received += chunk
    return received[2 : 2 + int.from_bytes(received[:2], "big")]


async def _ask_over_https(trace: Trace, wire: bytes, server: DoHServer) -> bytes:
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


def endpoint(text: str) -> tuple[str, int]:
    """Address and port of a resolver that is written as an address, with a port or without (then 53); ValueError else.

    >>> endpoint("9.9.9.9"), endpoint("[2620:fe::fe]:5353"), endpoint("2620:fe::fe")
    (('9.9.9.9', 53), ('2620:fe::fe', 5353), ('2620:fe::fe', 53))
    """
    address, port = text, "53"
    if text.startswith("["):
        address, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is no address of a resolver")
    return str(ip_address(address)), int(port)


def _shown(engine: Engine, resolvers: Resolvers) -> str:
    """The resolver as it is recorded: the system's never, because it would tell where the operator sits."""
    match engine:
        case "udp" | "tcp" if resolvers.udp is not None:
            address, port = endpoint(resolvers.udp)
            return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        case "doh" if resolvers.doh is not None:
            return resolvers.doh.url
    return ""

"""Asking one resolver one question, and keeping every answer that comes: injected ones race the true one.

Engines: `system` is the resolver that the machine is configured with, asked directly (getaddrinfo hides which answer
came when, and its pool of threads stalls under black holes; `/etc/hosts` and search domains play no part). `udp` is a
public resolver, `tcp` the same one asked over TCP. `dot` is DNS over TLS (RFC 7858), `doh` DNS over HTTPS (RFC 8484),
both at a pinned address with their certificate verified; neither needs DNS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from ipaddress import ip_network
from typing import Literal, TypeAlias

from probes.failure import MISBEHAVING, TIMEOUT, NamedError, failure_of, rcode_failure
from probes.model import Answer, Datagram, DNSLookup, Failure, Purpose, Resolvers
from probes.steps import question
from probes.steps.http import FAULTS
from probes.steps.icmp import ICMPError
from probes.steps.inbox import Inbox
from probes.steps.question import Question, Reply
from probes.steps.resolver import NO_RESOLVER, Engine, endpoint, insist, over_https, over_tcp, over_tls, shown
from probes.steps.trace import Trace

QueryType: TypeAlias = Literal["A", "AAAA", "HTTPS"]

WHOAMI = "whoami.akamai.net"
"""Its name servers answer with the address that asked them, which is the resolver's own (Akamai's service)."""
WRONG_ID = "dns_reply_with_wrong_query_id"
_MOST_DATAGRAMS = 32


async def lookup(
    trace: Trace,
    *,
    engine: Engine,
    name: str,
    query_type: QueryType,
    resolvers: Resolvers,
    early: asyncio.Future[tuple[str, ...]] | None = None,
) -> DNSLookup:
    """Ask `engine` for the addresses of `name` within `limits.dns`, keep the step, and return it.

    `early` is given the addresses as soon as they are known, while later answers are still listened for.

    The first acceptable answer counts: id and question fit, and it can be read. UDP is listened to for another
    `limits.dns_linger` within the limit. A truncated answer is asked for again over TCP, and then that one counts.
    Where nothing acceptable came, the failure says the most that is known: an ICMP error, answers that could not be
    read (`dns_server_misbehaving`), answers to other questions (`dns_reply_with_wrong_query_id`), else a timeout.
    """
    started = trace.elapsed()
    hearing = _Hearing(question.ask(name, query_type, identified=engine != "doh"), query_type, trace.elapsed, early)
    failure: Failure = TIMEOUT  # stands where the whole measurement is cut short meanwhile
    try:
        async with asyncio.timeout(trace.limits.dns):
            await _ask(trace, hearing, engine, resolvers)
    except FAULTS as error:
        failure = hearing.explain(failure_of(error))
    finally:
        hearing.tell(())
        reply, answered = hearing.reply, hearing.answered
        coarse = trace.purpose is Purpose.WHOAMI
        if reply is not None:
            failure = rcode_failure(reply.rcode or 0, found=reply.holds(query_type))
        step = DNSLookup(
            hop=trace.hop,
            engine=engine,
            resolver=shown(engine, resolvers),
            name=name,
            query_type=query_type,
            started=started,
            duration=(trace.elapsed() if reply is None else answered) - started,
            failure=failure,
            rcode=None if reply is None else reply.rcode,
            answers=() if reply is None else _kept(reply.answers, coarse=coarse),
            datagrams=tuple(
                replace(each, answers=_kept(each.answers, coarse=True)) if coarse else each
                for each in hearing.datagrams
            ),
            purpose=trace.purpose,
            flags=None if reply is None else reply.flags,
            icmp=hearing.error.icmp if isinstance(hearing.error, ICMPError) else None,
            router=trace.router(hearing.error, hearing.local) if engine != "system" else "",
        )
        trace.keep(step)
    return step


async def _ask(trace: Trace, hearing: _Hearing, engine: Engine, resolvers: Resolvers) -> None:
    match engine:
        case "system":
            if trace.network.resolver is None:
                raise NamedError(NO_RESOLVER, "no resolver is configured")
            trace.own.learn(trace.network.resolver[0], socket=False)
            await _ask_server(trace, hearing, *trace.network.resolver)
        case "udp":
            if resolvers.udp is None:
                raise ValueError("no public resolver is configured")
            await _ask_server(trace, hearing, *endpoint(resolvers.udp))
        case "tcp":
            if resolvers.udp is None:
                raise ValueError("no public resolver is configured")
            hearing.take(await over_tcp(trace.network, hearing.wire, *endpoint(resolvers.udp)))
        case "dot":
            if resolvers.dot is None:
                raise ValueError("no DNS-over-TLS server is configured")
            hearing.take(await over_tls(trace, hearing.wire, resolvers.dot))
        case "doh":
            if resolvers.doh is None:
                raise ValueError("no DNS-over-HTTPS server is configured")
            hearing.take(await over_https(trace, hearing.wire, resolvers.doh))


class _Hearing:
    """What was heard in answer to one question: the datagrams, the first acceptable reply, the last error."""

    def __init__(
        self,
        asked: Question,
        query_type: QueryType,
        elapsed: Callable[[], float],
        early: asyncio.Future[tuple[str, ...]] | None = None,
    ) -> None:
        self.wire = asked.wire
        self.datagrams: list[Datagram] = []
        self.reply: Reply | None = None
        self.answered = 0.0
        self.error: OSError | None = None
        self.local = ""
        self.settled = asyncio.Event()
        self._early = early
        self._query_type = query_type
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
                    edns_payload=reply.edns_payload,
                    edns_options=reply.edns_options,
                    flags=reply.flags,
                    authoritative=reply.authoritative,
                    malformed=reply.malformed,
                    stray=reply.stray,
                )
            )
        if reply.acceptable and self.reply is None:
            self._settle(reply)

    def broke(self, error: OSError) -> None:
        """Note an ICMP error; an answer may still come, and then counts."""
        self.error = self.error or error
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
        if not reply.truncated:
            self.tell(reply.addresses if reply.holds(self._query_type) else ())

    def tell(self, addresses: tuple[str, ...]) -> None:
        """Give the addresses to whoever waits for them, once."""
        if self._early is not None and not self._early.done():
            self._early.set_result(addresses)


async def _ask_server(trace: Trace, hearing: _Hearing, address: str, port: int) -> None:
    await _ask_over_udp(trace, hearing, address, port)
    if hearing.reply is not None and hearing.reply.truncated:
        hearing.reply = None
        hearing.take(await over_tcp(trace.network, hearing.wire, address, port))


async def _ask_over_udp(trace: Trace, hearing: _Hearing, address: str, port: int) -> None:
    opened, target = trace.network.open(address, port, "udp")
    with closing(opened):
        opened.connect(target)
        hearing.local = str(opened.getsockname()[0])
        trace.own.learn(hearing.local)
        with Inbox(opened, hearing.heard, hearing.broke) as inbox:
            await insist(inbox, hearing.wire, hearing.settled, trace.limits.dns)
            if hearing.reply is None or not hearing.reply.truncated:
                await asyncio.sleep(trace.limits.dns_linger)
                inbox.drain()  # a busy loop may wake us before it has looked at what came in time
    if hearing.reply is None and hearing.error is not None:
        raise hearing.error


def _kept(answers: tuple[Answer, ...], *, coarse: bool) -> tuple[Answer, ...]:
    """Answers as they are recorded; `coarse` where they are an address of whoever asked, which may be the operator's.

    >>> _kept((Answer(type="A", value="192.0.2.7"), Answer(type="AAAA", value="2001:db8:1::7")), coarse=True)[1].value
    '2001:db8::'
    """
    if not coarse:
        return answers
    return tuple(
        replace(each, value=str(ip_network(f"{each.value}/{16 if each.type == 'A' else 32}", strict=False)[0]))
        if each.type in ("A", "AAAA")
        else replace(each, value="")
        for each in answers
    )

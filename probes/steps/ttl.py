"""Messages with few hops to live: how far on its way each one comes, and who answers before it can have arrived.

A packet that reaches the n-th router with its last hop is given up there, and the router says so (RFC 1812 §5.3.1).
Whoever reads along up to that router has seen it; the server has not, so what comes back as if from the server was
made on the way. The idea is that of traceroute, and for TLS that of OONI's `tlsmiddlebox` experiment. It needs no
privilege on Linux (5.9 or newer tells of SYNs too); elsewhere silence is all that is seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from probes.failure import EOF, TIMEOUT, failure_of
from probes.model import Answer, Failure, TTLTrial
from probes.steps import icmp, question
from probes.steps.inbox import Inbox
from probes.steps.tcp import Stream
from probes.steps.trace import Trace

GIVEN_UP = "host_unreachable"
"""What EHOSTUNREACH, the errno of an ICMP time exceeded, is called (OONI df-007)."""
_PATIENCE = 1.5
"""Seconds for an answer: three long round trips, and more than the 0.2 s that the kernel may take to notice."""
_LINGER = 0.3
"""What is forged may arrive just after the router's word; so long, or `limits.dns_linger`, it is still listened for."""
_CHUNK = 4096


@dataclass(slots=True)
class _Came:
    """What came back so far."""

    failure: Failure = TIMEOUT
    icmp: tuple[int, int] | None = None
    router: str = ""
    received: int = 0
    answers: tuple[Answer, ...] = ()

    def told(self, error: OSError) -> None:
        """A word that came instead of an answer; an answer that came before or comes later counts more."""
        if self.failure is not None:
            self.failure = failure_of(error)
        if isinstance(error, icmp.ICMPError) and error.icmp is not None:
            self.icmp, self.router = error.icmp, error.router


@contextmanager
def _kept(trace: Trace, method: str, name: str, peer: tuple[str, int], ttl: int) -> Iterator[_Came]:
    """Keep a trial of what comes back in the block, also when it is cancelled meanwhile."""
    came, started = _Came(), trace.elapsed()
    try:
        yield came
    finally:
        trace.keep(
            TTLTrial(
                hop=trace.hop,
                method=method,
                name=name,
                address=peer[0],
                port=peer[1],
                ttl=ttl,
                started=started,
                duration=trace.elapsed() - started,
                failure=came.failure,
                icmp=came.icmp,
                router=_public(trace, ttl, came.router),
                received=came.received,
                answers=came.answers,
                purpose=trace.purpose,
            )
        )


def _public(trace: Trace, ttl: int, router: str) -> str:
    """The router as it may be recorded: never the first one, which tells where the operator is."""
    return "" if ttl == 1 or not router or trace.network.screen(router) is not None else router


def _linger(trace: Trace) -> float:
    return min(_LINGER, trace.limits.dns_linger)


async def send_syn(trace: Trace, name: str, peer: tuple[str, int], ttl: int) -> Failure:
    """Ask for a connection with `ttl` hops to live, keep the trial, and return its failure; `name` is only noted."""
    with _kept(trace, "syn", name, peer, ttl) as came:
        try:
            opened, target = trace.network.open(*peer, "tcp")
        except OSError as error:
            came.told(error)
            return came.failure
        stream = Stream(opened, peer)
        try:
            stream.limit(ttl)
            async with asyncio.timeout(min(_PATIENCE, trace.limits.tcp)):
                await asyncio.get_running_loop().sock_connect(opened, target)
            came.failure = None
        except OSError as error:
            came.told(error)
        finally:
            for each in icmp.errors(opened):
                came.told(each)
            trace.own.learn(stream.local)
            stream.abort()
    return came.failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Bytes that show a name over TCP; `method` is tls or http."""

    method: str
    name: str
    data: bytes


async def send_data(trace: Trace, message: Message, stream: Stream, ttl: int) -> Failure:
    """Send `message` with `ttl` hops to live; keep the trial, close, and return its failure.

    The connection was opened with as many hops as usual. It is ended with a reset that reaches the server.
    """
    with _kept(trace, message.method, message.name, stream.peer, ttl) as came:
        loop = asyncio.get_running_loop()
        end = loop.time() + min(_PATIENCE, trace.limits.tls)
        try:
            stream.limit(ttl)
            await stream.write(message.data)
            while came.failure is not None:
                try:
                    async with asyncio.timeout_at(end):
                        came.received = len(await stream.read(_CHUNK))
                    came.failure = None if came.received else EOF
                    break
                except TimeoutError:
                    break
                except OSError as error:
                    came.told(error)
                    if came.failure != GIVEN_UP:
                        break
                    end = min(end, loop.time() + _linger(trace))
        except OSError as error:
            came.told(error)
        finally:
            stream.limit(None)
            stream.abort()
    return came.failure


async def send_question(trace: Trace, name: str, peer: tuple[str, int], ttl: int) -> Failure:
    """Ask a resolver for the address of `name` with `ttl` hops to live, keep the trial, and return its failure."""
    asked = question.ask(name, "A")
    settled = asyncio.Event()
    with _kept(trace, "dns", name, peer, ttl) as came:

        def heard(wire: bytes, ip_ttl: int | None) -> None:
            reply = question.read(asked, wire)
            if reply.acceptable and came.failure is not None:
                came.failure, came.received, came.answers = None, len(wire), reply.answers
                settled.set()

        def broke(error: OSError) -> None:
            came.told(error)
            settled.set()

        try:
            opened, target = trace.network.open(*peer, "udp")
            with closing(opened):
                opened.connect(target)
                trace.own.learn(str(opened.getsockname()[0]))
                icmp.limit(opened, ttl)
                with Inbox(opened, heard, broke) as inbox:
                    inbox.send(asked.wire)
                    async with asyncio.timeout(min(_PATIENCE, trace.limits.dns)):
                        await settled.wait()
                    await asyncio.sleep(_linger(trace))
        except OSError as error:
            came.told(error)
    return came.failure

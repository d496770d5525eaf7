"""Asking which versions of QUIC are spoken somewhere, without showing a name to anybody.

A server answers an offer of a version that it does not know with the list of those that it does (RFC 9000 §6). The
offer has no ClientHello in it: who filters by name lets it pass, who filters addresses, ports or QUIC does not.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import closing
from dataclasses import dataclass, field

from probes.failure import TIMEOUT, failure_of
from probes.model import Failure, QUICHandshake
from probes.steps.icmp import ICMPError
from probes.steps.inbox import Inbox
from probes.steps.trace import Trace

_GREASED = 0x1A2A3A4A
"""One of the versions that are reserved so that nobody ever speaks them (RFC 9000 §15)."""
_LONG = 0x80
_SIZE = 1200
"""A server need not answer a first datagram that is smaller (RFC 9000 §14.1)."""
_CONNECTION_ID = 8
_RESEND = (0.15, 0.25, 0.6)
"""The offer is made again after these parts of the time limit: one lost packet is no censorship."""
_NUMBERS = {0x00000001: "1", 0x6B3343CF: "2"}
"""RFC 9000, RFC 9369; what is not here is told in hexadecimal."""
_MOST = 32


@dataclass(slots=True)
class _Heard:
    """What came back."""

    versions: tuple[str, ...] = ()
    received: int = 0
    first_byte: float | None = None
    ip_ttl: int | None = None
    error: OSError | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)


async def ask_versions(trace: Trace, address: str, port: int) -> tuple[str, ...]:
    """The versions of QUIC that are spoken at `address`, asked within `limits.quic`; keep the step.

    Empty where nobody answered; the step's failure says how that went.
    """
    started = trace.elapsed()
    heard, sent, local = _Heard(), 0, ""
    mine, theirs = secrets.token_bytes(_CONNECTION_ID), secrets.token_bytes(_CONNECTION_ID)

    def take(datagram: bytes, ip_ttl: int | None) -> None:
        heard.received += len(datagram)
        if heard.first_byte is None:
            heard.first_byte, heard.ip_ttl = trace.elapsed() - started, ip_ttl
        versions = offered(datagram, mine, theirs)
        if versions and not heard.versions:
            heard.versions = versions
            heard.settled.set()

    def broke(error: OSError) -> None:
        heard.error = heard.error or error
        heard.settled.set()

    failure: Failure = TIMEOUT  # stands where the whole measurement is cut short meanwhile
    try:
        opened, target = trace.network.open(address, port, "udp")
        with closing(opened):
            opened.connect(target)
            local = str(opened.getsockname()[0])
            trace.own.learn(local)
            with Inbox(opened, take, broke) as inbox:
                for share in _RESEND:
                    inbox.send(_offer(theirs, mine))
                    sent += _SIZE
                    if await _settled(heard, trace.limits.quic * share):
                        break
        if heard.versions:
            failure = None
        elif heard.error is not None:
            raise heard.error
    except OSError as error:
        failure = failure_of(error)
        heard.error = error
    finally:
        trace.keep(
            QUICHandshake(
                hop=trace.hop,
                address=address,
                port=port,
                server_name="",
                started=started,
                duration=trace.elapsed() - started,
                failure=failure,
                versions=heard.versions,
                bytes_sent=sent,
                bytes_received=heard.received,
                first_byte=heard.first_byte,
                ip_ttl=heard.ip_ttl,
                icmp=heard.error.icmp if isinstance(heard.error, ICMPError) else None,
                router=trace.router(heard.error, local),
                purpose=trace.purpose,
            )
        )
    return heard.versions


async def _settled(heard: _Heard, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await heard.settled.wait()
    except TimeoutError:
        return False
    return True


def _offer(to: bytes, by: bytes) -> bytes:
    """A long header of a version that nobody speaks, and padding (RFC 8999 §5.1)."""
    ids = b"".join(bytes((len(each),)) + each for each in (to, by))
    head = bytes((0xC0,)) + _GREASED.to_bytes(4, "big") + ids
    return head + bytes(_SIZE - len(head))


def offered(datagram: bytes, to: bytes | None = None, by: bytes | None = None) -> tuple[str, ...]:
    """The versions in a Version Negotiation packet (RFC 8999 §6) that goes `to` and comes from `by`; empty for others.

    Without the ids, which only who saw the offer can know, any such packet is read.

    >>> offered(bytes.fromhex("80 00000000 00 00 00000001 6b3343cf"))
    ('1', '2')
    >>> offered(b"HTTP/1.1 400 Bad Request")
    ()
    """
    if len(datagram) < 7 or not datagram[0] & _LONG or datagram[1:5] != bytes(4):
        return ()
    destination, rest = datagram[6 : 6 + datagram[5]], datagram[6 + datagram[5] :]
    if not rest:
        return ()
    source, rest = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
    if (to is not None and to != destination) or (by is not None and by != source):
        return ()
    numbers = (int.from_bytes(rest[at : at + 4], "big") for at in range(0, len(rest) - 3, 4))
    return tuple(map(number_of, numbers))[:_MOST]


def number_of(version: int | None) -> str:
    """A version as it is recorded; empty for none.

    >>> number_of(1), number_of(0x1a2a3a4a), number_of(None)
    ('1', '0x1a2a3a4a', '')
    """
    return "" if version is None else _NUMBERS.get(version, f"0x{version:08x}")

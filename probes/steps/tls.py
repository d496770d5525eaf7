"""The TLS handshake on an open stream: what was negotiated, what the peer presented, and where it broke.

Nothing is verified while shaking hands, so that the peer's chain is seen whether or not it is trusted; it is judged
afterwards, by `probes.steps.certificate`.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import lru_cache
from ipaddress import ip_address

from probes.failure import TIMEOUT, NamedError, failure_of
from probes.model import Failure, TLSHandshake
from probes.steps import certificate
from probes.steps.engine import RECORD, Engine
from probes.steps.suite import iana
from probes.steps.tcp import Stream
from probes.steps.trace import Trace

_CHUNK = 65536
_LONGEST_HANDSHAKE = 1 << 20
"""A handshake that takes more bytes than this without ending is a hostile one; chains are a few kilobytes."""


class SecureStream:
    """TLS as a client over a stream; after a failed handshake it still tells how far it came."""

    def __init__(self, stream: Stream, server_name: str) -> None:
        self._stream = stream
        self._engine = Engine(shown(server_name))
        self._chain: tuple[bytes, ...] = ()

    @property
    def peer(self) -> tuple[str, int]:
        """Logical address and port of the other side."""
        return self._stream.peer

    @property
    def alpn(self) -> str:
        """The protocol that was negotiated (`h2`, `http/1.1`), or an empty string."""
        return self._engine.alpn

    @property
    def version(self) -> str:
        """`TLSv1.3` and so on; empty before the handshake ended."""
        return self._engine.version

    @property
    def cipher(self) -> str:
        """The cipher suite, in OpenSSL's spelling; empty before the handshake ended."""
        return self._engine.cipher

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates that the peer presented (DER, leaf first), as far as the handshake came."""
        self._chain = self._chain or self._engine.chain
        return self._chain

    async def handshake(self) -> None:
        """Shake hands; OSError (ssl.SSLError among them) where it was broken off, NamedError where it never ends."""
        before = self._stream.received
        while self._stream.received - before < _LONGEST_HANDSHAKE:
            try:
                ended = self._engine.shake()
            except ssl.SSLError:
                await self._flush()  # our alert tells the peer why
                raise
            await self._flush()
            if ended:
                return
            self._engine.feed(await self._stream.read(_CHUNK))
        raise NamedError("unknown_failure: tls: endless handshake")

    async def read(self, most: int) -> bytes:
        """At least one byte and at most `most`; empty at the end, announced or not; OSError where it broke."""
        while (data := self._engine.read(most)) is None:
            await self._flush()
            self._engine.feed(await self._stream.read(_CHUNK))
        return data

    async def write(self, data: bytes) -> None:
        """All of `data`; OSError where the connection broke."""
        self._engine.write(data)
        await self._flush()

    def close(self) -> None:
        """Close the stream beneath, without a farewell; closing twice is harmless."""
        self._stream.close()

    async def _flush(self) -> None:
        while data := self._engine.drain():
            await self._stream.write(data)
            if len(data) < RECORD:
                return  # that was all


def client_hello(server_name: str) -> bytes:
    """The first bytes that a handshake under `server_name` sends."""
    engine = Engine(shown(server_name))
    engine.shake()
    return engine.drain()


@lru_cache(maxsize=4096)
def shown(server_name: str) -> str:
    """What a ClientHello says of `server_name`: nothing where it is an address (RFC 6066 §3).

    >>> shown("kloop.kg"), shown("192.0.2.1")
    ('kloop.kg', '')
    """
    try:
        ip_address(server_name)
    except ValueError:
        return server_name
    return ""


async def secure(stream: Stream, server_name: str) -> SecureStream:
    """TLS over `stream`, its chain not looked at; OSError or NamedError where it failed. The limit is the caller's."""
    shaken = SecureStream(stream, server_name)
    await shaken.handshake()
    return shaken


async def handshake(
    trace: Trace, stream: Stream, server_name: str, *, good_for: str = "", pin: str = ""
) -> SecureStream | None:
    """Shake hands within `limits.tls`, verify the chain, keep the step; None where either failed.

    `server_name` goes into the ClientHello unless it is an IP address, and is what the chain must be good for; or
    `good_for` is, where another name is only shown to the path; or the leaf must have the public key of `pin`. After a
    failure the stream is closed: nothing is ever sent to a peer whose certificate was refused.
    """
    started = trace.elapsed()
    sent, received = stream.sent, stream.received
    failure: Failure = TIMEOUT  # stands where the whole measurement is cut short meanwhile
    reason: str | None = None
    attempt = SecureStream(stream, server_name)
    try:
        async with asyncio.timeout(trace.limits.tls):
            await attempt.handshake()
        if pin:
            certificate.check_pin(attempt.chain, pin)
        else:
            certificate.check(attempt.chain, good_for or server_name, trace.network.roots, trace.started)
        failure = None
    except (OSError, NamedError) as error:
        failure, reason = failure_of(error), _reason(error)
    finally:
        trace.keep(
            TLSHandshake(
                hop=trace.hop,
                address=stream.peer[0],
                port=stream.peer[1],
                server_name=server_name,
                started=started,
                duration=trace.elapsed() - started,
                failure=failure,
                reason=reason,
                version=attempt.version,
                cipher=iana(attempt.cipher),
                alpn=attempt.alpn,
                chain=attempt.chain,
                bytes_sent=stream.sent - sent,
                bytes_received=stream.received - received,
                tcp_info=stream.info(),
                purpose=trace.purpose,
            )
        )
        if failure is not None:
            stream.close()
    return attempt if failure is None else None


def _reason(error: BaseException) -> str | None:
    """The alert or the verifier's word, where there is one."""
    match error:
        case NamedError():
            return error.reason
        case ssl.SSLError():
            return getattr(error, "reason", None)
    return None

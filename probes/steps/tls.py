"""The TLS handshake on an open stream: what was negotiated, what the peer presented, and where it broke.

One bare context serves all handshakes: without a CA store and without verification it costs about a quarter less CPU
than a default one (measured on OpenSSL 3.0), and above all the peer's chain is seen whether or not it is trusted. The
chain is judged afterwards, by `probes.steps.certificate`.
"""

from __future__ import annotations

import asyncio
import contextlib
import operator
import ssl
from functools import lru_cache

from probes.failure import TIMEOUT, NamedError, failure_of
from probes.model import Failure, TLSHandshake
from probes.steps import certificate
from probes.steps.tcp import Stream
from probes.steps.trace import Trace

_CHUNK = 65536
_LONGEST_HANDSHAKE = 1 << 20
"""A handshake that takes more bytes than this without ending is a hostile one; chains are a few kilobytes."""
_DER = 2  # OpenSSL's X509_FILETYPE_ASN1, as `_ssl.ENCODING_DER`


class SecureStream:
    """TLS as a client over a stream; after a failed handshake it still tells how far it came."""

    def __init__(self, stream: Stream, server_name: str) -> None:
        self._stream = stream
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._chain: tuple[bytes, ...] = ()
        self._tls = _bare_context().wrap_bio(self._incoming, self._outgoing, server_hostname=server_name or None)

    @property
    def peer(self) -> tuple[str, int]:
        """Logical address and port of the other side."""
        return self._stream.peer

    @property
    def alpn(self) -> str:
        """The protocol that was negotiated (`h2`, `http/1.1`), or an empty string."""
        return self._tls.selected_alpn_protocol() or ""

    @property
    def version(self) -> str:
        """`TLSv1.3` and so on; empty before the handshake ended."""
        return self._tls.version() or ""

    @property
    def cipher(self) -> str:
        """The cipher suite, in OpenSSL's spelling; empty before the handshake ended."""
        return (self._tls.cipher() or ("",))[0]

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates that the peer presented (DER, leaf first), as far as the handshake came."""
        if not self._chain:
            self._chain = _presented(self._tls)
        return self._chain

    async def handshake(self) -> None:
        """Shake hands; OSError (ssl.SSLError among them) where the peer or the path broke it off."""
        before = self._stream.received
        while self._stream.received - before < _LONGEST_HANDSHAKE:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError:
                await self._flush()  # our alert tells the peer why
                raise
            else:
                return await self._flush()
        raise NamedError("unknown_failure: tls: endless handshake")

    async def read(self, most: int) -> bytes:
        """At least one byte and at most `most`; empty at the end, announced or not; OSError where it broke."""
        while True:
            if not self._incoming.pending and not self._tls.pending():
                await self._flush()
                await self._fill()  # the engine would only raise that it needs this, which costs more than asking
            try:
                return self._tls.read(most)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def write(self, data: bytes) -> None:
        """All of `data`; OSError where the connection broke."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._tls.write(rest) :]
            await self._flush()

    def close(self) -> None:
        """Close the stream beneath, without a farewell; closing twice is harmless."""
        self._stream.close()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._stream.write(self._outgoing.read())

    async def _fill(self) -> None:
        if data := await self._stream.read(_CHUNK):
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


def client_hello(server_name: str) -> bytes:
    """The first bytes that a handshake under `server_name` sends."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        _bare_context().wrap_bio(incoming, outgoing, server_hostname=server_name).do_handshake()
    return outgoing.read()


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
                cipher=attempt.cipher,
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


@lru_cache(maxsize=1)
def _bare_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def _presented(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    public = getattr(tls, "get_unverified_chain", None)
    if public is not None:
        return tuple(public() or ())
    # Before Python 3.13 the chain is only to be had from the object beneath (bpo-18233).
    inner = operator.attrgetter("_sslobj")(tls)
    return tuple(each.public_bytes(_DER) for each in inner.get_unverified_chain() or ())


def _reason(error: BaseException) -> str | None:
    """The alert or the verifier's word, where there is one."""
    match error:
        case NamedError():
            return error.reason
        case ssl.SSLError():
            return getattr(error, "reason", None)
    return None

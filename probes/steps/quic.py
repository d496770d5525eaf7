"""The QUIC handshake with one address: what was negotiated, what the peer presented, and where it broke.

The chain is judged as that of TLS over TCP is, afterwards and against the same roots. Needs the extra `quic`.
"""

from __future__ import annotations

import asyncio

from probes.failure import TIMEOUT, NamedError, failure_of
from probes.model import Failure, QUICHandshake
from probes.steps import certificate
from probes.steps.icmp import ICMPError
from probes.steps.quic_stream import Heard, QUICStream
from probes.steps.trace import Trace
from probes.steps.versions import number_of


async def handshake(
    trace: Trace, address: str, port: int, server_name: str, *, good_for: str = "", pin: str = ""
) -> QUICStream | None:
    """Shake hands within `limits.quic`, verify the chain, keep the step; return a channel for one request, or None.

    `server_name` is what the path can read, and what the chain must be good for; or `good_for` is, where another name
    is only shown; or the leaf must have the public key of `pin`. An ICMP error ends it at once.
    """
    started, zero = trace.elapsed(), asyncio.get_running_loop().time()
    failure: Failure = TIMEOUT  # stands where the whole measurement is cut short meanwhile
    reason: str | None = None
    attempt: QUICStream | None = None
    try:
        async with asyncio.timeout(trace.limits.quic):
            attempt = _dial(trace, address, port, server_name)
            await attempt.handshake()
        if pin:
            certificate.check_pin(attempt.chain, pin)
        else:
            certificate.check(attempt.chain, good_for or server_name, trace.network.roots, trace.started)
        failure = None
    except (OSError, NamedError) as error:
        failure, reason = failure_of(error), getattr(error, "reason", None)
    finally:
        heard = attempt.heard if attempt is not None else Heard()
        trace.keep(
            QUICHandshake(
                hop=trace.hop,
                address=address,
                port=port,
                server_name=server_name,
                started=started,
                duration=trace.elapsed() - started,
                failure=failure,
                reason=reason,
                version=number_of(attempt.version) if attempt is not None else "",
                versions=heard.versions,
                cipher=attempt.cipher if attempt is not None else "",
                alpn=attempt.alpn if attempt is not None and attempt.version is not None else "",
                chain=attempt.chain if attempt is not None else (),
                bytes_sent=heard.bytes_sent,
                bytes_received=heard.bytes_received,
                first_byte=None if heard.first_at is None else heard.first_at - zero,
                ip_ttl=heard.ip_ttl,
                icmp=heard.error.icmp if isinstance(heard.error, ICMPError) else None,
                router=trace.router(heard.error, attempt.local if attempt is not None else ""),
                purpose=trace.purpose,
            )
        )
        if failure is not None and attempt is not None:
            attempt.close()
    return attempt if failure is None else None


def _dial(trace: Trace, address: str, port: int, server_name: str) -> QUICStream:
    opened, target = trace.network.open(address, port, "udp")
    try:
        opened.connect(target)
        made = QUICStream(opened, (address, port), server_name)
    except BaseException:
        opened.close()
        raise
    trace.own.learn(made.local)
    return made

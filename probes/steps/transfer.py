"""A request over an open connection and the response that comes of it, in the protocol that was negotiated."""

from __future__ import annotations

from probes.steps.body import BodyReader
from probes.steps.exchange import Exchange, Head, Outgoing
from probes.steps.http1 import HTTP1Exchange
from probes.steps.http2 import HTTP2Exchange
from probes.steps.progress import Progress
from probes.steps.tcp import Channel


async def transfer(progress: Progress, channel: Channel, request: Outgoing, limit: int) -> Head:
    """Ask, and read the body up to `limit` bytes; how far it came is in `progress`, also where it breaks off.

    HTTP/2 or HTTP/3 where ALPN chose it and HTTP/1.1 else. Nothing is followed, retried or pooled, and the time limit
    is the caller's. OSError, NamedError and the errors of zlib, h11 and h2 come through as they are, because their
    words are what is recorded.
    """
    exchange = _exchange(channel)
    progress.head = head = await exchange.ask(request)
    progress.reader = reader = BodyReader(limit=limit, content_encoding=head.value(b"content-encoding") or "")
    while not reader.truncated and (chunk := await exchange.chunk()):
        reader.feed(chunk)
    return head


def _exchange(channel: Channel) -> Exchange:
    match channel.alpn:
        case "h2":
            return HTTP2Exchange(channel)
        case "h3":
            from probes.steps.http3 import HTTP3Exchange  # noqa: PLC0415 - the extra `quic` may be absent

            return HTTP3Exchange(channel)
    return HTTP1Exchange(channel)

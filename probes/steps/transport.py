"""httpx's transport over a connection that is already open: its address was chosen, its TLS was judged, before."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx

from probes.steps.exchange import Exchange, Outgoing
from probes.steps.http1 import HTTP1Exchange
from probes.steps.http2 import HTTP2Exchange
from probes.steps.tcp import Channel


class ChannelTransport(httpx.AsyncBaseTransport):
    """Speaks HTTP/2 or HTTP/3 where ALPN chose it and HTTP/1.1 else; for one request.

    Nothing is decompressed, followed, retried or pooled, and the time limit is the caller's. Errors are not mapped to
    httpx's: OSError, NamedError, h11's and h2's come through as they are, because their words are what is recorded.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response's head, with the body still to be read from `response.stream`."""
        exchange = _exchange(self._channel)
        head = await exchange.ask(
            Outgoing(
                method=request.method.encode("ascii"),
                scheme=request.url.raw_scheme,
                authority=request.url.netloc,
                target=request.url.raw_path,
                headers=tuple(request.headers.raw),
                body=await request.aread(),
            )
        )
        return httpx.Response(
            head.status,
            headers=list(head.headers),
            stream=_Arriving(exchange),
            extensions={"http_version": head.protocol.encode("ascii")},
            request=request,
        )


def _exchange(channel: Channel) -> Exchange:
    match channel.alpn:
        case "h2":
            return HTTP2Exchange(channel)
        case "h3":
            from probes.steps.http3 import HTTP3Exchange  # noqa: PLC0415 - the extra `quic` may be absent

            return HTTP3Exchange(channel)
    return HTTP1Exchange(channel)


class _Arriving(httpx.AsyncByteStream):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        while chunk := await self._exchange.chunk():
            yield chunk

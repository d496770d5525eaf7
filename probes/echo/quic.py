"""The echo server over QUIC: the same answers by HTTP/3, and in them the server name that reached us. Needs `quic`.

aioquic drives each connection; what is asked and answered is shared with TCP. Nothing is written anywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import H3Event, HeadersReceived
from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from probes.echo.answer import Asked, Reached, reply, route
from probes.echo.bounds import Admission, Gate
from probes.initial import server_name

_IDLE = 10.0
"""Seconds; a client that is blocked says nothing more."""
_FIRST_DATAGRAMS = 4
"""A ClientHello that takes more of them is none that we need to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What all connections of a server share."""

    gate: Gate
    token: str
    seconds: float
    connections: int
    count: Callable[[int | None], None]
    """Told the status of each answer, and None for a connection that was turned away."""
    open: set[QuicConnectionProtocol]


async def listen(
    places: Sequence[tuple[str, int]], pem: bytes, answering: Answering
) -> list[asyncio.DatagramTransport]:
    """Answer on these UDP ports until the transports are closed; OSError where one cannot be had."""
    configuration = _configuration(pem)
    listening: list[asyncio.DatagramTransport] = []

    def connected(engine: Any, **_: object) -> Visitor:
        return Visitor(engine, answering)

    try:
        for place in places:
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: QuicServer(configuration=configuration, create_protocol=connected), local_addr=place
            )
            listening.append(transport)
    except OSError:
        for each in listening:
            each.close()
        raise
    return listening


def _configuration(pem: bytes) -> QuicConfiguration:
    leaf, *others = x509.load_pem_x509_certificates(pem)
    return QuicConfiguration(
        is_client=False,
        alpn_protocols=H3_ALPN,
        idle_timeout=_IDLE,
        certificate=leaf,
        certificate_chain=others,
        private_key=load_pem_private_key(pem, password=None),
        max_data=64 * 1024,
        max_stream_data=16 * 1024,
    )


class Visitor(QuicConnectionProtocol):
    """One connection, from its first datagram to its end."""

    def __init__(self, engine: Any, answering: Answering) -> None:
        super().__init__(engine)
        self._answering = answering
        self._admission: Admission | None = None
        self._address = ""
        self._answered: set[int] = set()
        """Streams; a second HEADERS frame on one of them is trailers."""
        self._first: list[bytes] = []
        self._name: str | None = None
        self._h3: H3Connection | None = None
        self._received = 0
        self._end: asyncio.TimerHandle | None = None

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        """A datagram of this connection; of one that is over the limit none is answered."""
        assert isinstance(data, bytes)
        if self._admission is None:
            self._address = str(addr[0])
            self._admission = self._admit(self._address)
        if self._admission is Admission.DROP:
            return
        self._received += len(data)
        if self._name is None and len(self._first) < _FIRST_DATAGRAMS:
            self._first.append(data)
            self._name = server_name(self._first)
        super().datagram_received(data, addr)

    def _admit(self, address: str) -> Admission:
        shared = self._answering
        full = len(shared.open) >= shared.connections
        admission = Admission.DROP if full else shared.gate.admit(address)
        if admission is Admission.DROP:
            shared.count(None)
            self._connection_terminated_handler()
            return admission
        shared.open.add(self)
        self._end = self._loop.call_later(shared.seconds, self.close)
        return admission

    def quic_event_received(self, event: events.QuicEvent) -> None:
        """Pass what came to HTTP/3, and answer a request."""
        match event:
            case events.ProtocolNegotiated():
                self._h3 = H3Connection(self._quic)
            case events.ConnectionTerminated():
                self._answering.open.discard(self)
                if self._end is not None:
                    self._end.cancel()
        for each in self._h3.handle_event(event) if self._h3 is not None else ():
            self._take(each)

    def _take(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived) and self._h3 is not None and event.stream_id not in self._answered:
            if self._answered:  # a further request counts like a further connection
                self._admission = self._answering.gate.admit(self._address)
            self._answered.add(event.stream_id)
            if self._admission is Admission.DROP:
                self._answering.count(None)
                self.close()
            else:
                self._answer(self._h3, event)

    def _answer(self, h3: H3Connection, request: HeadersReceived) -> None:
        shared, asked = self._answering, _asked(request)
        path = route(asked, shared.token)
        reached = Reached(
            host=asked.host,
            path=path or "",
            tls=True,
            sni=self._name,
            alpn="h3",
            version="QUIC",
            received=self._received,
            sent=0,
        )
        answer = reply(asked, path, reached, limited=self._admission is Admission.LIMIT)
        shared.count(answer.status)
        fields = [
            (b":status", str(answer.status).encode()),
            (b"content-type", answer.media_type.encode()),
            (b"content-length", str(len(answer.body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        h3.send_headers(request.stream_id, fields)
        h3.send_data(request.stream_id, b"" if asked.method == "HEAD" else answer.body, end_stream=True)


def _asked(request: HeadersReceived) -> Asked:
    fields = {name: value.decode("latin-1") for name, value in request.headers}
    scheme, _, credential = fields.get(b"authorization", "").partition(" ")
    return Asked(
        method=fields.get(b":method", ""),
        host=fields.get(b":authority", ""),
        target=fields.get(b":path", ""),
        bearer=credential.strip() if scheme.lower() == "bearer" else "",
    )

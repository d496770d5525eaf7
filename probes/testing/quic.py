"""QUIC in the lab: datagrams to port 443 pass a censor who reads their server name, and reach a server or none.

Needs the extra `quic`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from probes.initial import server_name
from probes.testing.endpoints import Address
from probes.testing.flight import bare_host
from probes.testing.web import Answer, Request

_MOST = 65535
_FIRST = 4
"""Datagrams of a flow that the censor looks at."""

Blocks: TypeAlias = Callable[[str | None], bool]
"""Whether a flow that shows this name (None: none yet) may not go on."""


class _Out:
    """What aioquic sends through: the lab's own socket; a peer that has gone is nobody's fault."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def sendto(self, data: bytes, peer: Address) -> None:
        with contextlib.suppress(OSError):
            self._sock.sendto(data, peer)

    def close(self) -> None:
        """The socket is the lab's."""


class Served:
    """A site of the lab over HTTP/3, with the certificate in `pem` (key and chain)."""

    def __init__(self, pem: bytes, answer: Answer, versions: tuple[int, ...]) -> None:
        leaf, *others = x509.load_pem_x509_certificates(pem)
        configuration = QuicConfiguration(
            is_client=False,
            alpn_protocols=H3_ALPN,
            idle_timeout=5.0,
            certificate=leaf,
            certificate_chain=others,
            private_key=load_pem_private_key(pem, password=None),
        )
        configuration.supported_versions = list(versions) or configuration.supported_versions
        self._server = QuicServer(
            configuration=configuration, create_protocol=lambda engine, **_: _Visitor(engine, answer)
        )

    def receive(self, sock: socket.socket, data: bytes, peer: Address) -> None:
        """One datagram; the answers go back by the same socket."""
        out: Any = _Out(sock)
        self._server.connection_made(out)
        self._server.datagram_received(data, peer)

    def close(self) -> None:
        """End every connection."""
        self._server.close()


class _Visitor(QuicConnectionProtocol):
    def __init__(self, engine: Any, answer: Answer) -> None:
        super().__init__(engine)
        self._answer = answer
        self._h3: H3Connection | None = None
        self._asked: dict[int, dict[bytes, bytes]] = {}

    def quic_event_received(self, event: events.QuicEvent) -> None:
        if isinstance(event, events.ProtocolNegotiated):
            self._h3 = H3Connection(self._quic)
        for each in self._h3.handle_event(event) if self._h3 is not None else ():
            match each:
                case HeadersReceived():
                    self._asked[each.stream_id] = dict(each.headers)
                    self._end(each.stream_id, ended=each.stream_ended)
                case DataReceived():
                    self._end(each.stream_id, ended=each.stream_ended)

    def _end(self, number: int, *, ended: bool) -> None:
        if not ended or self._h3 is None:
            return
        fields = {name: value.decode("latin-1") for name, value in self._asked.pop(number, {}).items()}
        response = self._answer(
            Request(
                method=fields.get(b":method", ""),
                path=fields.get(b":path", ""),
                host=bare_host(fields.get(b":authority", "")),
            )
        )
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.headers]
        self._h3.send_headers(number, [(b":status", str(response.status).encode()), *headers])
        self._h3.send_data(number, response.body * response.times, end_stream=True)


class Relayed:
    """A real server on this machine, behind the lab's censor: one socket of ours for each peer."""

    def __init__(self, backend: Address) -> None:
        self._backend = backend
        self._ways: dict[Address, socket.socket] = {}

    def receive(self, sock: socket.socket, data: bytes, peer: Address) -> None:
        """One datagram of a peer's; what the server answers goes back by `sock`."""
        way = self._ways.get(peer)
        if way is None:
            way = self._ways[peer] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            way.setblocking(False)
            way.connect(self._backend)
            asyncio.get_running_loop().add_reader(way, partial(_back, way, sock, peer))
        with contextlib.suppress(OSError):
            way.send(data)

    def close(self) -> None:
        """Close every socket."""
        for way in self._ways.values():
            asyncio.get_running_loop().remove_reader(way)
            way.close()


def _back(way: socket.socket, sock: socket.socket, peer: Address) -> None:
    with contextlib.suppress(OSError):
        sock.sendto(way.recv(_MOST), peer)


@dataclass(slots=True)
class Filter:
    """A censor before a server: who has shown a name that `blocks` is not heard any more."""

    blocks: Blocks
    server: Served | Relayed
    seen: dict[Address, list[bytes]] = field(default_factory=dict)
    condemned: set[Address] = field(default_factory=set)

    def receive(self, sock: socket.socket, data: bytes, peer: Address) -> None:
        """One datagram from a peer, passed on or not."""
        first = self.seen.setdefault(peer, [])
        if len(first) < _FIRST:
            first.append(data)
            if self.blocks(server_name(first)):
                self.condemned.add(peer)
        if peer not in self.condemned:
            self.server.receive(sock, data, peer)

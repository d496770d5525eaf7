"""One QUIC connection on a socket of ours: aioquic is the engine, the datagrams, the clock and the end are here.

Its first request stream is a channel like any other, so that HTTP/3 is spoken on it as HTTP/2 is on TLS. Needs the
extra `quic`.
"""

from __future__ import annotations

import asyncio
import operator
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from cryptography.hazmat.primitives.serialization import Encoding

from probes.failure import EOF, NamedError, quic_failure
from probes.steps.inbox import Inbox
from probes.steps.versions import offered

_ALPN = "h3"
_LONGEST = 8 << 20
"""Bytes that are taken in at most, far more than any page that is read to its end; whoever sends more is hostile."""
_SETTINGS = bytes.fromhex("00 04 00")
"""The control stream's type, and a SETTINGS frame without settings (RFC 9114 §6.2.1, §7.2.4)."""
_NO_ERROR = 0x0100
"""H3_NO_ERROR (RFC 9114 §8.1)."""


@dataclass(slots=True)
class Heard:
    """What came in on the socket, for the record."""

    bytes_sent: int = 0
    bytes_received: int = 0
    first_at: float | None = None
    """By the loop's clock."""
    ip_ttl: int | None = None
    versions: tuple[str, ...] = ()
    error: OSError | None = None


class QUICStream:
    """A connection as a client, and its first request stream; closing twice is harmless."""

    alpn = _ALPN

    def __init__(self, connected: socket.socket, peer: tuple[str, int], server_name: str) -> None:
        self.peer = peer
        self.heard = Heard()
        self.local = str(connected.getsockname()[0])
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._engine = QuicConnection(
            configuration=QuicConfiguration(
                is_client=True, alpn_protocols=[_ALPN], server_name=server_name or None, verify_mode=ssl.CERT_NONE
            )
        )
        self._inbox = Inbox(connected, self._take, self._broke)
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._shaken = False
        self._stream: int | None = None
        self._arrived = bytearray()
        self._ended = False
        self._fault: Exception | None = None
        self._closed = False

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates that the peer presented (DER, leaf first), as far as the handshake came."""
        presented = (self._of_tls("_peer_certificate", None), *self._of_tls("_peer_certificate_chain", ()))
        return tuple(each.public_bytes(Encoding.DER) for each in presented if each is not None)

    @property
    def cipher(self) -> str:
        """The cipher suite by its IANA name; empty before it was agreed on."""
        suite = getattr(self._of_tls("key_schedule", None), "cipher_suite", None)
        return f"TLS_{suite.name}" if suite is not None else ""

    @property
    def version(self) -> int | None:
        """The version that was agreed on; None before the handshake ended."""
        return operator.attrgetter("_version")(self._engine) if self._shaken else None

    def _of_tls(self, name: str, default: Any) -> Any:
        """What aioquic keeps to itself; before the first datagram is written it has no TLS at all."""
        return getattr(getattr(self._engine, "tls", None), name, default)

    async def handshake(self) -> None:
        """Shake hands; OSError (an ICMP error among them) or NamedError where peer or path broke it off."""
        self._inbox.__enter__()
        self._engine.connect(self.peer, now=self._loop.time())
        self._pump()
        while not self._shaken:
            await self._turn()
        control = self._engine.get_next_available_stream_id(is_unidirectional=True)
        self._engine.send_stream_data(control, _SETTINGS)

    async def write(self, data: bytes) -> None:
        """All of `data`, and with it the end of our side: a request is one write. OSError or NamedError else."""
        if self._fault is not None:
            raise self._fault
        self._stream = self._engine.get_next_available_stream_id()
        self._engine.send_stream_data(self._stream, data, end_stream=True)
        self._pump()

    async def read(self, most: int) -> bytes:
        """At least one byte of the response and at most `most`; empty at its end; OSError or NamedError else."""
        while not self._arrived and not self._ended:
            await self._turn()
        data = bytes(self._arrived[:most])
        del self._arrived[:most]
        return data

    def close(self) -> None:
        """Say farewell once, and let go of the socket; closing twice is harmless."""
        if self._closed:
            return
        self._engine.close(error_code=_NO_ERROR)
        self._pump()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._inbox.__exit__(None, None, None)
        self._socket.close()

    async def _turn(self) -> None:
        """Wait until something is new; raise where that is the end."""
        if self._fault is not None:
            raise self._fault
        await self._changed.wait()
        self._changed.clear()

    def _take(self, datagram: bytes, ip_ttl: int | None) -> None:
        if self._closed:
            return
        heard, now = self.heard, self._loop.time()
        heard.bytes_received += len(datagram)
        if heard.first_at is None:
            heard.first_at, heard.ip_ttl = now, ip_ttl
        heard.versions = heard.versions or offered(datagram)
        if heard.bytes_received > _LONGEST:
            self._fail(NamedError("unknown_failure: quic: endless answer"))
            return
        try:
            self._engine.receive_datagram(datagram, self.peer, now)
            self._pump()
        except Exception as fault:  # noqa: BLE001 - whatever a stranger's bytes do to the engine is his answer
            self._fail(NamedError("unknown_failure: quic: unreadable answer", type(fault).__name__))

    def _broke(self, error: OSError) -> None:
        """An ICMP error ends a handshake at once; later it may be anybody's word, and the connection goes on."""
        self.heard.error = self.heard.error or error
        if not self._shaken:
            self._fail(error)

    def _fail(self, fault: Exception) -> None:
        self._fault = self._fault or fault
        self._changed.set()

    def _expired(self, at: float) -> None:
        self._timer = None
        self._engine.handle_timer(max(at, self._loop.time()))
        self._pump()

    def _pump(self) -> None:
        """Take what the engine found out, send what it has to say, and wake it when it wants to be."""
        while (event := self._engine.next_event()) is not None:
            self._note(event)
        if self._closed:
            return
        for datagram, _ in self._engine.datagrams_to_send(now=self._loop.time()):
            self._inbox.send(datagram)
            self.heard.bytes_sent += len(datagram)
        if self._timer is not None:
            self._timer.cancel()
        at = self._engine.get_timer()
        self._timer = None if at is None else self._loop.call_at(at, self._expired, at)

    def _note(self, event: events.QuicEvent) -> None:
        match event:
            case events.HandshakeCompleted():
                self._shaken = True
            case events.StreamDataReceived(stream_id=number) if number == self._stream:
                self._arrived += event.data
                self._ended = self._ended or event.end_stream
            case events.StreamReset(stream_id=number) if number == self._stream:
                self._fail(NamedError(EOF, f"stream reset, code {event.error_code:#x}"))
            case events.ConnectionTerminated():
                self._fail(NamedError(*quic_failure(event.error_code, event.reason_phrase)))
        self._changed.set()

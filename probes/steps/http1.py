"""HTTP/1.1 on an open connection: ordinary responses read at one go (`probes.steps.head`), all others by h11."""

from __future__ import annotations

from functools import lru_cache

import h11

from probes.failure import NamedError, unknown
from probes.steps import head
from probes.steps.exchange import CHUNK, HEADER_BYTES, INTERIM_COUNT, Head, Outgoing, bounded
from probes.steps.tcp import Channel

_WITH_BODY = frozenset({b"GET", b"POST"})
"""Methods whose response has the body that its head announces (RFC 9112 §6.3)."""
_BROKEN_OFF = "peer closed connection without sending complete message body (received {} bytes, expected {})"
"""What h11 says then."""


class HTTP1Exchange:
    """One request over HTTP/1.1; the connection is not used again."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._careful: h11.Connection | None = None
        self._waiting = b""
        self._left = 0
        self._length = 0

    async def ask(self, request: Outgoing) -> Head:
        """Send the request and return the final response's head; OSError, NamedError or h11.ProtocolError else."""
        await self._channel.write(_written(request))
        received = await self._channel.read(CHUNK)
        plain = head.read(received) if request.method in _WITH_BODY else None
        if plain is None:
            return await self._ask_with_care(request, received)
        self._waiting = received[plain.size : plain.size + plain.length]
        self._left = self._length = plain.length
        return Head(status=plain.status, protocol="HTTP/1.1", headers=bounded(plain.headers))

    async def chunk(self) -> bytes:
        """The next bytes of the body, empty at its end; OSError or h11.ProtocolError where it breaks off."""
        if self._careful is not None:
            return await self._careful_chunk(self._careful)
        if not self._left:
            return b""
        data = self._waiting or await self._channel.read(CHUNK)
        self._waiting = b""
        if not data:
            arrived = self._length - self._left
            raise h11.RemoteProtocolError(_BROKEN_OFF.format(arrived, self._length))
        data = data[: self._left]
        self._left -= len(data)
        return data

    async def _ask_with_care(self, request: Outgoing, received: bytes) -> Head:
        """Let h11 read the response from its beginning."""
        state = self._careful = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES)
        _send(state, request)
        state.receive_data(received)
        response = await self._response(state)
        return Head(
            status=response.status_code,
            protocol=f"HTTP/{response.http_version.decode('ascii')}",
            headers=bounded(tuple(response.headers.raw_items())),
        )

    async def _careful_chunk(self, state: h11.Connection) -> bytes:
        while isinstance(event := await self._next(state), h11.Data):
            if event.data:
                return bytes(event.data)
        return b""

    async def _response(self, state: h11.Connection) -> h11.Response:
        for _ in range(INTERIM_COUNT):
            event = await self._next(state)
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                break
        raise NamedError(unknown("the server answers with something that is no response"))

    async def _next(self, state: h11.Connection) -> h11.Event | type[h11.NEED_DATA | h11.PAUSED]:
        while (event := state.next_event()) is h11.NEED_DATA:
            state.receive_data(await self._channel.read(CHUNK))
        return event


@lru_cache(maxsize=256)
def _written(request: Outgoing) -> bytes:
    """The request on the wire; h11.LocalProtocolError where it cannot be written. The same page is asked for often."""
    return _send(h11.Connection(h11.CLIENT), request)


def _send(state: h11.Connection, request: Outgoing) -> bytes:
    start = h11.Request(method=request.method, target=request.target, headers=list(request.headers))
    wire = [state.send(start)]
    if request.body:
        wire.append(state.send(h11.Data(data=request.body)))
    wire.append(state.send(h11.EndOfMessage()))
    return b"".join(filter(None, wire))

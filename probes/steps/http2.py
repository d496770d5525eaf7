"""HTTP/2 on an open connection, by h2: one stream, no push, windows given back as the body is read."""

from __future__ import annotations

from collections import deque

import h2.config
import h2.connection
import h2.events
import h2.settings

from probes.failure import EOF, NamedError, unknown
from probes.steps.exchange import CHUNK, HEADER_BYTES, Head, Outgoing, RawHeaders, bounded
from probes.steps.tcp import Channel

_STREAM = 1
_OF_THE_CONNECTION = frozenset({b"host", b"connection", b"transfer-encoding", b"keep-alive", b"upgrade"})
"""Headers that HTTP/2 forbids or says otherwise (RFC 9113 §8.2.2, §8.3.1)."""


class HTTP2Exchange:
    """One request over HTTP/2; the connection is not used again."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding=None))
        self._state.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: HEADER_BYTES,
            },
        )
        self._head: RawHeaders | None = None
        self._waiting: deque[bytes] = deque()
        self._ended = False

    async def ask(self, request: Outgoing) -> Head:
        """Send the request and return the final response's head; OSError, NamedError or an h2 error else."""
        self._state.initiate_connection()
        self._state.send_headers(_STREAM, _fields(request), end_stream=not request.body)
        if request.body:
            self._state.send_data(_STREAM, request.body, end_stream=True)
        while self._head is None:
            await self._turn()
        status = dict(self._head).get(b":status", b"")
        if not status.isdigit():
            raise NamedError(unknown("the response has no status"))
        return Head(
            status=int(status),
            protocol="HTTP/2",
            headers=bounded(tuple((name, value) for name, value in self._head if not name.startswith(b":"))),
        )

    async def chunk(self) -> bytes:
        """The next bytes of the body, empty at its end; OSError, NamedError or an h2 error where it breaks off."""
        while not self._waiting and not self._ended:
            await self._turn()
        return self._waiting.popleft() if self._waiting else b""

    async def _turn(self) -> None:
        """Send what the engine has to say, then take in what the peer says."""
        await self._channel.write(self._state.data_to_send())
        received = await self._channel.read(CHUNK)
        if not received:
            raise NamedError(EOF)
        for event in self._state.receive_data(received):
            self._take(event)

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived():
                self._head = tuple((bytes(name), bytes(value)) for name, value in event.headers or ())
            case h2.events.DataReceived():
                self._state.acknowledge_received_data(event.flow_controlled_length or 0, _STREAM)
                if event.data:
                    self._waiting.append(event.data)
            case h2.events.StreamEnded():
                self._ended = True
            case h2.events.StreamReset():
                raise NamedError(unknown(f"http2 stream reset: {_code(event.error_code)}"))
            case h2.events.ConnectionTerminated():
                raise NamedError(unknown(f"http2 connection ended: {_code(event.error_code)}"))


def _fields(request: Outgoing) -> list[tuple[bytes, bytes]]:
    pseudo = [
        (b":method", request.method),
        (b":authority", request.authority),
        (b":scheme", request.scheme),
        (b":path", request.target),
    ]
    lowered = [(name.lower(), value) for name, value in request.headers]
    return pseudo + [field for field in lowered if field[0] not in _OF_THE_CONNECTION]


def _code(code: object) -> str:
    return str(getattr(code, "name", code)).lower().replace("_", " ")

"""HTTP/1.1 on an open connection, by h11."""

from __future__ import annotations

import h11

from probes.failure import NamedError, unknown
from probes.steps.exchange import CHUNK, HEADER_BYTES, INTERIM_COUNT, Head, Outgoing, bounded
from probes.steps.tcp import Channel


class HTTP1Exchange:
    """One request over HTTP/1.1; the connection is not used again."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES)

    async def ask(self, request: Outgoing) -> Head:
        """Send the request and return the final response's head; OSError, NamedError or h11.ProtocolError else."""
        head = h11.Request(method=request.method, target=request.target, headers=list(request.headers))
        wire = [self._state.send(head)]
        if request.body:
            wire.append(self._state.send(h11.Data(data=request.body)))
        wire.append(self._state.send(h11.EndOfMessage()))
        await self._channel.write(b"".join(filter(None, wire)))
        response = await self._response()
        return Head(
            status=response.status_code,
            protocol=f"HTTP/{response.http_version.decode('ascii')}",
            headers=bounded(tuple(response.headers.raw_items())),
        )

    async def chunk(self) -> bytes:
        """The next bytes of the body, empty at its end; OSError or h11.ProtocolError where it breaks off."""
        while isinstance(event := await self._next(), h11.Data):
            if event.data:
                return bytes(event.data)
        return b""

    async def _response(self) -> h11.Response:
        for _ in range(INTERIM_COUNT):
            event = await self._next()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                break
        raise NamedError(unknown("the server answers with something that is no response"))

    async def _next(self) -> h11.Event | type[h11.NEED_DATA | h11.PAUSED]:
        while (event := self._state.next_event()) is h11.NEED_DATA:
            self._state.receive_data(await self._channel.read(CHUNK))
        return event

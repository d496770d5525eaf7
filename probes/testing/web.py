"""The lab's web servers: HTTP/1.1 and HTTP/2 over a stream; what is answered is asked of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeAlias

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from probes.testing.flight import bare_host
from probes.testing.internet import Response
from probes.testing.wire import Stream

_LONGEST_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as a server sees it; `host` is a bare name."""

    method: str
    path: str
    host: str
    body: bytes = b""


Answer: TypeAlias = Callable[[Request], Response]


async def serve_http1(stream: Stream, answer: Answer) -> None:
    """Answer HTTP/1.1 requests, one after the other, until the peer ends or sends what is no request (RFC 9112)."""
    buffer = b""
    while True:
        while b"\r\n\r\n" not in buffer:
            data = await stream.read()
            buffer += data
            if not data or len(buffer) > _LONGEST_HEAD or not buffer[:1].isalpha():
                return
        head, _, buffer = buffer.partition(b"\r\n\r\n")
        parsed = _parse_head(head)
        if parsed is None:
            return
        request, length = parsed
        while len(buffer) < length:
            data = await stream.read()
            if not data:
                return
            buffer += data
        body, buffer = buffer[:length], buffer[length:]
        response = answer(Request(method=request.method, path=request.path, host=request.host, body=body))
        if response.raw is not None:
            await _respond_raw(stream, response.raw, response)
            return
        await _respond_http1(stream, response)


def _parse_head(head: bytes) -> tuple[Request, int] | None:
    """A request without its body, and the length of that; None where the bytes are no request head."""
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = fields.get("content-length", "0")
    if len(words) != 3 or not length.isdecimal():
        return None
    return Request(method=words[0], path=words[1], host=bare_host(fields.get("host", ""))), int(length)


async def _respond_http1(stream: Stream, response: Response) -> None:
    length = ("Content-Length", str(len(response.body))) if response.times == 1 else ("Transfer-Encoding", "chunked")
    status = f"HTTP/1.1 {response.status} {_phrase(response.status)}"
    head = "\r\n".join([status, *(f"{name}: {value}" for name, value in (*response.headers, length)), "", ""])
    if response.times == 1:
        await stream.write(head.encode("latin-1") + response.body)
        return
    await stream.write(head.encode("latin-1"))
    for _ in range(response.times):
        await stream.write(b"%x\r\n%s\r\n" % (len(response.body), response.body))
    await stream.write(b"0\r\n\r\n")


async def _respond_raw(stream: Stream, start: bytes, response: Response) -> None:
    await stream.write(start)
    for _ in range(response.times):
        await stream.write(response.body)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "Unknown"


@dataclass(slots=True, kw_only=True)
class _Exchange:
    """One HTTP/2 stream: the request as it comes in, then the response as far as flow control has let it out."""

    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)
    pieces: Iterator[bytes] = field(default_factory=lambda: iter(()))
    piece: bytes = b""
    answered: bool = False

    def request(self) -> Request:
        host = bare_host(self.headers.get(":authority", self.headers.get("host", "")))
        return Request(
            method=self.headers.get(":method", ""), path=self.headers.get(":path", ""), host=host, body=bytes(self.body)
        )


class _HTTP2:
    """The server's side of one HTTP/2 connection, without its socket: events in, bytes to send out."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._exchanges: dict[int, _Exchange] = {}
        config = h2.config.H2Configuration(client_side=False, header_encoding="latin-1")
        self._connection = h2.connection.H2Connection(config=config)
        self._connection.initiate_connection()

    def receive(self, data: bytes) -> None:
        """Take in what the peer sent; `h2.exceptions.ProtocolError` where that is not HTTP/2."""
        for event in self._connection.receive_data(data):
            self._take(event)

    def send(self) -> Iterator[bytes]:
        """What may be sent now, in portions."""
        yield self._connection.data_to_send()
        for number in tuple(self._exchanges):
            while self._advance(number):
                yield self._connection.data_to_send()
        yield self._connection.data_to_send()

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived(stream_id=int(number), headers=headers):
                self._exchanges[number] = _Exchange(headers={str(name): str(value) for name, value in headers or ()})
            case h2.events.DataReceived(stream_id=int(number), data=bytes(data), flow_controlled_length=length):
                self._exchanges[number].body += data
                self._connection.acknowledge_received_data(length or 0, number)
            case h2.events.StreamEnded(stream_id=int(number)):
                self._begin(number)
            case h2.events.StreamReset(stream_id=int(number)):
                self._exchanges.pop(number, None)

    def _begin(self, number: int) -> None:
        exchange = self._exchanges[number]
        response = self._answer(exchange.request())
        headers = [(":status", str(response.status)), *((name.lower(), value) for name, value in response.headers)]
        if response.times == 1:
            headers.append(("content-length", str(len(response.body))))
        self._connection.send_headers(number, headers)
        exchange.pieces = (response.body for _ in range(response.times))
        exchange.answered = True

    def _advance(self, number: int) -> bool:
        """Queue one frame of a response; False where there is nothing to send or the peer's window is full."""
        exchange = self._exchanges[number]
        if not exchange.answered:
            return False
        exchange.piece = exchange.piece or next(exchange.pieces, b"")
        if not exchange.piece:
            self._connection.end_stream(number)
            del self._exchanges[number]
            return False
        room = min(self._connection.local_flow_control_window(number), self._connection.max_outbound_frame_size)
        if room <= 0:
            return False
        self._connection.send_data(number, exchange.piece[:room])
        exchange.piece = exchange.piece[room:]
        return True


async def serve_http2(stream: Stream, answer: Answer) -> None:
    """Answer HTTP/2 requests (RFC 9113) until the peer ends or breaks the protocol."""
    connection = _HTTP2(answer)
    try:
        while True:
            for portion in connection.send():
                if portion:
                    await stream.write(portion)
            data = await stream.read()
            if not data:
                return
            connection.receive(data)
    except h2.exceptions.ProtocolError:
        return

"""HTTP/3 on a request stream (RFC 9114): one request, one response, header compression without a dynamic table.

Our settings allow the server no dynamic table, so that every header block can be read by itself. Needs the extra
`quic`.
"""

from __future__ import annotations

import pylsqpack

from probes.failure import EOF, NamedError, unknown
from probes.steps.exchange import CHUNK, HEADER_BYTES, INTERIM_COUNT, Head, Outgoing, RawHeaders, bounded
from probes.steps.tcp import Channel

_DATA, _HEADERS = 0x00, 0x01
_OF_THE_CONNECTION = frozenset({b"host", b"connection", b"transfer-encoding", b"keep-alive", b"upgrade"})
"""Headers that HTTP/3 forbids or says otherwise (RFC 9114 §4.2, §4.3.1)."""
_STREAM = 0
_UNREADABLE = (pylsqpack.DecompressionFailed, pylsqpack.StreamBlocked, pylsqpack.DecoderStreamError)


class HTTP3Exchange:
    """One request over HTTP/3; the stream is not used again."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._decoder = pylsqpack.Decoder(0, 0)
        self._received = bytearray()
        self._ended = False
        self._left = 0
        """Bytes of the DATA frame that is being read."""

    async def ask(self, request: Outgoing) -> Head:
        """Send the request and return the final response's head; OSError or NamedError else."""
        _, block = pylsqpack.Encoder().encode(_STREAM, _fields(request))
        data = _frame(_HEADERS, block) + (_frame(_DATA, request.body) if request.body else b"")
        await self._channel.write(data)
        for _ in range(INTERIM_COUNT + 1):
            headers = await self._headers()
            status = dict(headers).get(b":status", b"")
            if not status.isdigit():
                raise NamedError(unknown("the response has no status"))
            if not 100 <= int(status) < 200:
                plain = tuple((name, value) for name, value in headers if not name.startswith(b":"))
                return Head(status=int(status), protocol="HTTP/3", headers=bounded(plain))
        raise NamedError(unknown("too many interim responses"))

    async def chunk(self) -> bytes:
        """The next bytes of the body, empty at its end; OSError or NamedError where it breaks off."""
        while not self._left:
            if not self._received and not await self._more():
                return b""
            kind, length = await self._number(), await self._number()
            if kind == _DATA:
                self._left = length
            else:  # trailers, or something that must be ignored (RFC 9114 §9)
                await self._payload(length)
        if not self._received and not await self._more():
            raise NamedError(EOF)
        data = bytes(self._received[: self._left])
        del self._received[: len(data)]
        self._left -= len(data)
        return data

    async def _headers(self) -> RawHeaders:
        while True:
            kind, payload = await self._number(), await self._payload(await self._number())
            if kind == _DATA:
                raise NamedError(unknown("http3: a body before its headers"))
            if kind == _HEADERS:
                break
        try:
            _, headers = self._decoder.feed_header(_STREAM, payload)
        except _UNREADABLE as error:
            raise NamedError(unknown("http3: unreadable headers")) from error
        return tuple((bytes(name), bytes(value)) for name, value in headers)

    async def _payload(self, length: int) -> bytes:
        """A whole frame that is small."""
        if length > HEADER_BYTES:
            raise NamedError(unknown("http3: a frame that is too long"))
        return await self._bytes(length)

    async def _number(self) -> int:
        """A variable-length integer (RFC 9000 §16)."""
        first = (await self._bytes(1))[0]
        rest = await self._bytes((1 << (first >> 6)) - 1)
        return int.from_bytes(bytes((first & 0x3F,)) + rest, "big")

    async def _bytes(self, count: int) -> bytes:
        while len(self._received) < count:
            if not await self._more():
                raise NamedError(EOF)
        data = bytes(self._received[:count])
        del self._received[:count]
        return data

    async def _more(self) -> bool:
        """Take in what comes next; False at the end of the stream."""
        if self._ended:
            return False
        data = await self._channel.read(CHUNK)
        self._received += data
        self._ended = not data
        return bool(data)


def _frame(kind: int, payload: bytes) -> bytes:
    return bytes((kind,)) + (len(payload) | 0x80000000).to_bytes(4, "big") + payload


def _fields(request: Outgoing) -> list[tuple[bytes, bytes]]:
    pseudo = [
        (b":method", request.method),
        (b":scheme", request.scheme),
        (b":authority", request.authority),
        (b":path", request.target),
    ]
    lowered = [(name.lower(), value) for name, value in request.headers]
    return pseudo + [field for field in lowered if field[0] not in _OF_THE_CONNECTION]

"""The lab's HTTP/2 server, met by a client made of `h2` and `ssl`."""

from __future__ import annotations

import asyncio
import ssl

import h2.config
import h2.connection
import h2.events
import pytest

from probes.testing import Internet, Loopback, Response, Route, Site, Throttle
from probes.testing.censor import SNIBlock

ADDRESS = "93.184.216.34"
BLOB = b"0123456789abcdef" * 16_384  # four initial windows (RFC 9113 §6.9.2: 65,535 octets)


@pytest.fixture
def internet():
    routes = (
        Route(path="/big", response=Response(body=BLOB)),
        Route(path="/endless", response=Response(body=BLOB, times=10_000)),
        Route(path="/empty", response=Response(status=204)),
    )
    return Internet(sites=(Site(names=("news.example",), addresses=(ADDRESS,), routes=routes),))


class Client:
    """One HTTP/2 connection that asks for a path and collects the answer."""

    def __init__(self, reader, writer) -> None:
        self._reader, self._writer = reader, writer
        self._connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self._connection.initiate_connection()

    async def get(self, path: str, *, enough: int = 1 << 30) -> tuple[dict[str, str], bytes]:
        stream = self._connection.get_next_available_stream_id()
        headers = {":method": "GET", ":path": path, ":authority": "news.example", ":scheme": "https"}
        self._connection.send_headers(stream, list(headers.items()), end_stream=True)
        fields, body = {}, bytearray()
        while len(body) < enough:
            self._writer.write(self._connection.data_to_send())
            for event in self._connection.receive_data(await asyncio.wait_for(self._reader.read(65536), 10)):
                match event:
                    case h2.events.ResponseReceived(headers=received):
                        fields = dict(received)
                    case h2.events.DataReceived(data=data, flow_controlled_length=length):
                        body += data
                        self._connection.acknowledge_received_data(length, stream)
                    case h2.events.StreamEnded():
                        return fields, bytes(body)
        self._connection.reset_stream(stream)
        return fields, bytes(body)

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def rest(self) -> bytes:
        return await asyncio.wait_for(self._reader.read(), 10)

    def close(self) -> None:
        self._writer.transport.abort()


@pytest.fixture
def visit(connect):
    """A client of news.example over TLS that agrees on HTTP/2."""

    async def opened(network) -> Client:
        context = ssl.create_default_context(cadata=b"".join(network.roots))
        context.set_alpn_protocols(["h2"])
        sock = await connect(network, ADDRESS, 443)
        reader, writer = await asyncio.open_connection(sock=sock, ssl=context, server_hostname="news.example")
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        return Client(reader, writer)

    return opened


async def test_requests_follow_each_other(internet, visit):
    """A large page comes whole, in windows; an empty one and a missing one follow on the same connection."""
    async with Loopback(internet) as lab:
        client = await visit(lab.network("home"))
        big, empty, missing = await client.get("/big"), await client.get("/empty"), await client.get("/none")
        client.close()
    assert (big[0][":status"], big[0]["content-length"], big[1]) == ("200", str(len(BLOB)), BLOB)
    assert (empty[0][":status"], empty[1]) == ("204", b"")
    assert missing[0][":status"] == "404"


async def test_a_client_may_stop_a_download(internet, visit):
    """A page of 2.6 GB is sent only as far as it is taken; after a reset the next request is answered."""
    async with Loopback(internet) as lab:
        client = await visit(lab.network("home"))
        fields, some = await client.get("/endless", enough=500_000)
        empty, _ = await client.get("/empty")
        client.close()
    assert "content-length" not in fields
    assert some[: len(BLOB)] == BLOB
    assert empty[":status"] == "204"


async def test_a_broken_protocol_ends_the_connection(internet, visit):
    """What is not HTTP/2 is answered by the end of the connection."""
    async with Loopback(internet) as lab:
        client = await visit(lab.network("home"))
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        assert b"HTTP/1.1" not in await client.rest()
        client.close()


async def test_http2_is_throttled_too(internet, visit):
    """A throttled connection gives a page's beginning and goes on in small pieces."""
    async with Loopback(internet) as lab:
        rule = SNIBlock(names=("news.example",), action=Throttle(bytes_per_second=20_000))
        client = await visit(lab.network("home", rules=(rule,)))
        fields, some = await client.get("/big", enough=1)
        client.close()
    assert fields[":status"] == "200"
    assert BLOB.startswith(some)
    assert 0 < len(some) < len(BLOB)

"""The echo server over QUIC: the same answers and the same bounds as over TCP."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

pytest.importorskip("aioquic", reason="needs the extra `quic`")

import pylsqpack

from probes.echo import Bounds, EchoServer, identity
from probes.failure import NamedError
from probes.model import Limits
from probes.network import SystemNetwork
from probes.steps import quic
from probes.steps.exchange import Head, Outgoing
from probes.steps.http3 import HTTP3Exchange
from probes.steps.trace import Trace

TOKEN = "a-token-of-the-tests"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def known():
    return identity(None, NOW)


@pytest.fixture
def serve(known):
    """An echo server on one free UDP port."""

    def serving(**bounds) -> EchoServer:
        return EchoServer(
            listen=(), quic=[("127.0.0.1", 0)], token=TOKEN, identity=known, clock=lambda: NOW, bounds=Bounds(**bounds)
        )

    return serving


class Visitor:
    """Somebody with the probes' own QUIC, who gives up early on a server that says nothing."""

    def __init__(self, server: EchoServer) -> None:
        self.server = server
        network = SystemNetwork(allow=(ip_network("127.0.0.0/8"),))
        self.trace = Trace(network=network, limits=Limits(), started=NOW, elapsed=time.monotonic)

    async def connect(self, *, limit: float = 6.0):
        trace = self.trace.within(replace(self.trace.limits, quic=limit))
        pin = self.server.identity.pin
        return await quic.handshake(trace, "127.0.0.1", self.server.quic_ports[0], "kloop.test", pin=pin)

    async def ask(self, target: str) -> tuple[Head, bytes]:
        """One request on a connection of its own."""
        channel = await self.connect()
        assert channel is not None
        with closing(channel):
            exchange = HTTP3Exchange(channel)
            head = await exchange.ask(_get(target))
            return head, b"".join([chunk async for chunk in _chunks(exchange)])


async def _chunks(exchange: HTTP3Exchange):
    while chunk := await exchange.chunk():
        yield chunk


def _get(target: str) -> Outgoing:
    return Outgoing(method=b"GET", scheme=b"https", authority=b"kloop.test", target=target.encode(), headers=())


async def test_what_reached_it_is_told(serve) -> None:
    """Whoever has the token is told the name in the ClientHello and the Host; who has none meets 404."""
    async with serve() as server:
        visitor = Visitor(server)
        head, body = await visitor.ask(f"/{TOKEN}/")
        reached = json.loads(body)
        assert (head.status, reached["sni"], reached["host"], reached["alpn"]) == (
            200,
            "kloop.test",
            "kloop.test",
            "h3",
        )
        assert (await visitor.ask("/"))[0].status == 404
    assert (server.tally.connections, server.tally.answered, server.tally.refused) == (2, 1, 1)


async def test_a_visitor_in_haste(serve) -> None:
    """Beyond the burst the answer is 429, which no censor sends; far beyond it nothing is answered at all."""
    async with serve(burst=2, drop_after=1, rate=0.0) as server:
        visitor = Visitor(server)
        assert [(await visitor.ask(f"/{TOKEN}/"))[0].status for _ in range(3)] == [200, 200, 429]
        assert await visitor.connect(limit=0.4) is None
    assert visitor.trace.steps[-1].failure == "generic_timeout_error"
    assert visitor.trace.steps[-1].bytes_received == 0
    assert server.tally.limited >= 2


async def test_too_many_at_once(serve) -> None:
    """A connection too many is not answered; a place that became free is had again."""
    async with serve(connections=1) as server:
        visitor = Visitor(server)
        first = await visitor.connect()
        assert first is not None
        assert await visitor.connect(limit=0.4) is None
        first.close()
        assert (await visitor.ask(f"/{TOKEN}/"))[0].status == 200


async def test_many_requests_on_one_connection(serve) -> None:
    """A further request counts like a further connection: it meets 429, and far beyond the burst all of it ends."""
    async with serve(burst=1, drop_after=1, rate=0.0) as server:
        channel = await Visitor(server).connect()
        assert channel is not None
        with closing(channel):
            for _ in range(2):
                await channel.write(_wire(f"/{TOKEN}/"))
            exchange = HTTP3Exchange(channel)
            with pytest.raises(NamedError):
                await exchange.ask(_get(f"/{TOKEN}/"))
    assert (server.tally.answered, server.tally.limited) == (1, 2)


async def test_trailers_are_no_second_request(serve) -> None:
    """A second HEADERS frame on a stream is answered by nothing, and does no harm."""
    async with serve() as server:
        channel = await Visitor(server).connect()
        assert channel is not None
        with closing(channel):
            trailers = _frame([(b"x-after", b"1")])
            await channel.write(_wire(f"/{TOKEN}/") + trailers)
            assert b'"host"' in b"".join([data async for data in _all(channel)])
    assert server.tally.answered == 1


async def _all(channel):
    while data := await channel.read(4096):
        yield data


def _wire(target: str) -> bytes:
    pseudo = {b":method": b"GET", b":scheme": b"https", b":authority": b"kloop.test", b":path": target.encode()}
    return _frame([*pseudo.items()])


def _frame(fields: list[tuple[bytes, bytes]]) -> bytes:
    """A HEADERS frame (RFC 9114 §7.2.2) that is shorter than 16 KiB."""
    _, block = pylsqpack.Encoder().encode(0, fields)
    return b"\x01" + (len(block) | 0x4000).to_bytes(2, "big") + block

"""The echo server as its visitors meet it: any name, over TLS or in the clear, and nothing without the token."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from probes.echo import Bounds, EchoServer, identity
from probes.echo.answer import OBJECT_BYTES, fixed_object
from probes.steps.certificate import pin_of

TOKEN = "a-token-of-the-tests"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def known():
    return identity(None, NOW)


@pytest.fixture
def serve(known):
    """An echo server on one free port."""

    @asynccontextmanager
    async def serving(**bounds):
        async with EchoServer(
            listen=[("127.0.0.1", 0)], token=TOKEN, identity=known, clock=lambda: NOW, bounds=Bounds(**bounds)
        ) as server:
            yield server

    return serving


def insecure() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


async def ask(server, request: bytes, *, sni: str | None = None, tls: bool = False) -> bytes:
    """Everything that the server sends until it ends the connection; nothing where it closes with a reset."""
    over = {"ssl": insecure(), "server_hostname": sni or ""} if tls or sni else {}
    reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0], **over)
    try:
        async with asyncio.timeout(10):
            writer.write(request)
            return await reader.read(-1)
    except ConnectionResetError:
        return b""
    finally:
        writer.transport.abort()


async def accepted(server) -> None:
    """Until the server has taken a connection."""
    for _ in range(1000):
        if server.tally.connections:
            return
        await asyncio.sleep(0.001)
    pytest.fail("the connection was never taken")


def get(path: str, host: str = "kloop.test", *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode()


def told(response: bytes) -> dict[str, object]:
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    return json.loads(body)


async def test_any_name_over_tls(serve) -> None:
    """Whoever has the token is told the name in the ClientHello, the Host, the protocol and the bytes that arrived."""
    async with serve() as server:
        for sni, host in (("kloop.test", "kloop.test"), ("innocuous.test", "kloop.test")):
            reached = told(await ask(server, get(f"/{TOKEN}/", host), sni=sni))
            assert (reached["sni"], reached["host"], reached["tls"]) == (sni, host, True)
            assert (reached["alpn"], reached["version"], reached["path"]) == ("http/1.1", "TLSv1.3", "/")
            assert reached["received"] > 300
            assert reached["sent"] > 300


async def test_no_name_over_tls(serve) -> None:
    """A hello from which the name was taken on the way is told as such."""
    async with serve() as server:
        assert told(await ask(server, get(f"/{TOKEN}/"), tls=True))["sni"] is None


async def test_any_host_in_the_clear(serve) -> None:
    """The same port answers cleartext, by the token in the path or in a header, and counts its bytes exactly."""
    async with serve() as server:
        by_path, by_header = get(f"/{TOKEN}/"), get("/", "kloop.test", f"Authorization: Bearer {TOKEN}")
        for request in (by_path, by_header):
            reached = told(await ask(server, request))
            assert (reached["sni"], reached["host"], reached["tls"]) == (None, "kloop.test", False)
            assert (reached["received"], reached["sent"]) == (len(request), 0)


@pytest.mark.parametrize(
    "request_",
    [
        get("/"),
        get("/wrong-token-wrong-token/"),
        get(f"/{TOKEN}x/"),
        get(f"//{TOKEN}/"),
        get(f"/{TOKEN}/", "kloop.test", "Authorization: Bearer wrong-token-wrong-token"),
        get("/", "kloop.test", f"Authorization: Basic {TOKEN}"),
        get(f"/{TOKEN}/").replace(b"GET", b"PUT"),
        get("/%F0%9F", "kloop.test"),
    ],
)
async def test_nothing_without_the_token(serve, request_) -> None:
    """Strangers meet a server that has nothing: 404, and no word of what it is."""
    async with serve() as server:
        response = await ask(server, request_)
        assert response.startswith(b"HTTP/1.1 404 ")
        assert response.endswith(b"Not found\n")
        assert server.tally.refused == 1
        assert TOKEN.encode() not in response


async def test_the_object(serve) -> None:
    """The object is the same for every name, big enough for a plateau, and does not compress."""
    async with serve() as server:
        bodies = [
            (await ask(server, get(f"/{TOKEN}/object", sni), sni=sni)).partition(b"\r\n\r\n")[2]
            for sni in ("a.kg", "b.kg")
        ]
    assert bodies == [fixed_object(), fixed_object()]
    assert OBJECT_BYTES == len(bodies[0]) >= 64 * 1024
    assert len(set(bodies[0])) == 256


async def test_a_head_request_gets_no_body(serve) -> None:
    """HEAD is answered with the length alone."""
    async with serve() as server:
        response = await ask(server, get(f"/{TOKEN}/object").replace(b"GET", b"HEAD"))
    assert response.endswith(b"\r\n\r\n")
    assert f"Content-Length: {OBJECT_BYTES}".encode() in response


async def test_a_visitor_in_haste(serve) -> None:
    """Beyond the burst the answer is 429, which no censor sends; far beyond it the connection is closed."""
    async with serve(burst=2, drop_after=2, rate=0.0) as server:
        responses = [(await ask(server, get(f"/{TOKEN}/")))[:12] for _ in range(6)]
    assert responses == [b"HTTP/1.1 200", b"HTTP/1.1 200", b"HTTP/1.1 429", b"HTTP/1.1 429", b"", b""]
    assert server.tally.limited == 4


async def test_too_many_at_once(serve) -> None:
    """Connections that say nothing take their places only for so long, and one too many is turned away at once."""
    async with serve(connections=1, head_seconds=0.2) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
        await accepted(server)
        assert await ask(server, b"") == b""
        assert await reader.read() == b""
        writer.close()
        assert told(await ask(server, get(f"/{TOKEN}/")))["host"] == "kloop.test"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x00\x05hello",
        b"\x16" + b"\xff" * 200,
        b"\x00" * 64,
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: " + b"y" * 20_000,
        b"GET / HTTP/9\r\n\r\n",
    ],
)
async def test_garbage_ends_its_own_connection_only(serve, garbage) -> None:
    """Whatever a scanner sends, it gets no answer of ours, and the next visitor is served."""
    async with serve() as server:
        assert not (await ask(server, garbage)).startswith(b"HTTP")
        assert server.tally.broken == 1
        assert told(await ask(server, get(f"/{TOKEN}/")))["host"] == "kloop.test"


async def test_nobody_is_logged_or_kept(serve, caplog, capsys) -> None:
    """Neither logs, nor output, nor what the server holds tell who came."""
    caplog.set_level(logging.DEBUG)
    async with serve(burst=1, drop_after=1) as server:
        for request in (get(f"/{TOKEN}/"), b"\x16junk", b"", get("/")):
            await ask(server, request)
        kept = repr(server)
    written = "".join(record.getMessage() for record in caplog.records if record.name != "asyncio") + "".join(
        capsys.readouterr()
    )
    assert "127.0.0.1'" not in written
    assert "127.0.0.1" not in kept.replace("('127.0.0.1', 0)", "")
    assert TOKEN not in kept


async def test_stopping_ends_open_connections(serve) -> None:
    """Whoever is still there when the server stops is let go; nothing hangs."""
    async with serve() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
        await accepted(server)
    assert await reader.read() == b""
    writer.close()


async def test_a_port_in_use(serve, known) -> None:
    """A port that cannot be had is an OSError, and the ports that were had before are given back."""
    async with serve() as server:
        listen = [("127.0.0.1", 0), ("127.0.0.1", server.ports[0])]
        second = EchoServer(listen=listen, token=TOKEN, identity=known, clock=lambda: NOW)
        with pytest.raises(OSError, match="in use"):
            await second.__aenter__()
        assert second.ports == ()


def test_the_pin_is_that_of_the_certificate(tmp_path) -> None:
    """A certificate that does not exist is made, readable by nobody else, and keeps its pin over restarts."""
    file = tmp_path / "echo.pem"
    first, second = identity(file, NOW), identity(file, NOW)
    assert first.pin == second.pin
    assert first.pin == pin_of(ssl.PEM_cert_to_DER_cert(file.read_text()[file.read_text().index("-----BEGIN CERT") :]))
    assert sys.platform == "win32" or file.stat().st_mode & 0o777 == 0o600
    assert identity(None, NOW).pin != first.pin


def test_a_certificate_that_is_none(tmp_path) -> None:
    """A file without key and certificate is refused by name."""
    file = tmp_path / "echo.pem"
    for raw in (b"", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"):
        file.write_bytes(raw)
        with pytest.raises(ValueError, match="not a PEM file"):
            identity(file, NOW)

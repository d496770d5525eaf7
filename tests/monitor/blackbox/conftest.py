"""A small world on loopback that both exporters probe: pages, a server that speaks lines, name servers, faults."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl
import struct
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import httpx
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from monitor.blackbox import Modules, Request, Result, limit_of, read, run
from probes.network import SystemNetwork
from tests.monitor.store.engines import free_port

CONFIG = Path(__file__).with_name("blackbox.yml").read_text(encoding="utf-8")
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass
class World:
    """Where everything listens, and how a module is run against it."""

    modules: Modules
    network: SystemNetwork
    places: dict[str, str] = field(default_factory=dict)

    async def probe(self, module: str, target: str, **more: str) -> Result:
        """One probe of ours; `{name}` in the target is where that server listens."""
        chosen = self.modules[module]
        request = Request(
            target=target.format(**self.places), name=module, module=chosen, limit=limit_of(chosen, None), **more
        )
        return await run(request, self.network)


def _answer(path: str, world: World) -> bytes:
    page = b"<html><title>News</title><body>All the news</body></html>"
    heads = {
        "/": b"200 OK\r\nContent-Type: text/html\r\nLast-Modified: Tue, 24 Nov 2026 10:00:00 GMT",
        "/blocked": b"403 Forbidden\r\nContent-Type: text/html",
        "/empty": b"204 No Content",
        "/moved": f"302 Found\r\nLocation: {world.places.get('https', 'http://127.0.0.1:9')}/".encode(),
        "/gone": f"302 Found\r\nLocation: http://{world.places.get('closed')}/".encode(),
        "/loop": b"302 Found\r\nLocation: /loop",
        "/metadata": b"302 Found\r\nLocation: http://169.254.169.254/latest",
    }
    body = b"" if path == "/empty" else page
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (heads[path], len(body), body)


def _web(world: World) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(_answer(head.split(b" ", 2)[1].decode(), world))
            await writer.drain()
        writer.close()

    return serve


async def _lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"hello stranger\r\n220 mail.example ESMTP\r\n")
    with contextlib.suppress(OSError):
        said = await reader.readline()
        writer.write(b"250 you said " + said)
        await writer.drain()
    writer.close()


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A filter that reads a ClientHello and resets."""
    await reader.read(1)
    writer.get_extra_info("socket").setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER
    writer.close()


class _NameServer(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        name = question.question[0].name
        if str(name).startswith("nothing."):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif str(name).startswith("zone."):
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "SOA", "ns. host. 2026112401 1 2 3 4"))
        else:
            answer.answer.append(dns.rrset.from_text(name, 300, "IN", "A", "192.0.2.1", "192.0.2.2"))
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs the server's certificate."""
    return trustme.CA()


@pytest.fixture
async def world(authority: trustme.CA) -> AsyncIterator[World]:
    """Everything that is probed, on free ports of loopback."""
    root = x509.load_pem_x509_certificate(authority.cert_pem.bytes()).public_bytes(Encoding.DER)
    made = World(read(CONFIG), SystemNetwork(allow=LOOPBACK, roots=(root,)))
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(secure)
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(other)
    async with contextlib.AsyncExitStack() as stack:
        served = {
            "http": (_web(made), None),
            "https": (_web(made), secure),
            "untrusted": (_web(made), other),
            "lines": (_lines, None),
            "reset": (_reset, None),
        }
        for name, (handler, context) in served.items():
            server = await asyncio.start_server(handler, "127.0.0.1", free_port(), ssl=context)
            await stack.enter_async_context(server)
            scheme = {"http": "http://", "lines": ""}.get(name, "https://")
            made.places[name] = f"{scheme}127.0.0.1:{server.sockets[0].getsockname()[1]}"
        made.places["secure_lines"] = made.places["https"].removeprefix("https://")
        made.places["closed"] = f"127.0.0.1:{free_port()}"
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(_NameServer, local_addr=("127.0.0.1", free_port()))
        stack.callback(transport.close)
        made.places["dns"] = f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
        yield made


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[str]:
    """Debian's blackbox_exporter with the same file; skipped where it is not installed."""
    program = shutil.which("prometheus-blackbox-exporter")
    if program is None:
        pytest.skip("blackbox_exporter is not installed (Debian: apt-get install prometheus-blackbox-exporter)")
    folder = tmp_path_factory.mktemp("exporter")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    trusting = CONFIG.replace("tls_config: {}", f"tls_config: {{ca_file: {folder / 'ca.pem'}}}")
    (folder / "blackbox.yml").write_text(trusting, encoding="utf-8")
    place = f"127.0.0.1:{free_port()}"
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [program, f"--config.file={folder / 'blackbox.yml'}", f"--web.listen-address={place}"],
            stdout=log,
            stderr=log,
        )
    try:
        _wait(f"http://{place}/-/healthy")
        yield f"http://{place}"
    finally:
        running.terminate()
        running.wait(30)


def _wait(address: str) -> None:
    for _ in range(300):
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(address).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"nobody answers at {address}")

"""A small world on loopback for the probes' own tests: real servers, logical addresses, a certificate authority."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from probes.model import Limits
from probes.network import screen
from probes.steps.trace import Trace

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OnDatagram = Callable[[bytes, Callable[..., None]], None]


class Authority:
    """A certificate authority of its own, and whatever certificates a test needs of it."""

    def __init__(self, folder: Path, name: str = "Test Root") -> None:
        self.folder = folder
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.sign(name, self.key, [(x509.BasicConstraints(ca=True, path_length=None), True)])

    @property
    def roots(self) -> tuple[bytes, ...]:
        return (self.certificate.public_bytes(Encoding.DER),)

    def sign(self, subject, key, extensions, *, issuer=None, signer=None, since=None, until=None):
        """A certificate; `extensions` are pairs of value and criticality."""
        common = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (subject, issuer or self.name)]
        builder = (
            x509.CertificateBuilder()
            .subject_name(common[0])
            .issuer_name(common[1])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(since or NOW - timedelta(days=30))
            .not_valid_after(until or NOW + timedelta(days=30))
        )
        for value, critical in extensions:
            builder = builder.add_extension(value, critical=critical)
        return builder.sign(signer or self.key, hashes.SHA256())

    def leaf(self, *names: str, self_signed: bool = False, **dates):
        """Key and certificate of a server."""
        key = ec.generate_private_key(ec.SECP256R1())
        san = [(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)] if names else []
        as_itself = {"issuer": "leaf", "signer": key} if self_signed else {}
        return key, self.sign("leaf", key, san, **as_itself, **dates)

    def context(self, *names: str, alpn: tuple[str, ...] = (), **options) -> ssl.SSLContext:
        """A server's TLS context with a fresh certificate for `names`."""
        key, certificate = self.leaf(*names, **options)
        path = self.folder / f"{certificate.serial_number}.pem"
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(plain + certificate.public_bytes(Encoding.PEM))
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(path)
        if alpn:
            made.set_alpn_protocols(alpn)
        return made


class MappedNetwork:
    """Logical addresses that lead to loopback; what is not mapped cannot be reached."""

    def __init__(self) -> None:
        self.routes: dict[tuple[str, int, str], int] = {}
        self.resolver: tuple[str, int] | None = None
        self.roots: tuple[bytes, ...] = ()
        self.dialled: list[tuple[str, int, str]] = []

    def screen(self, address: str) -> str | None:
        return screen(address)

    def open(self, address: str, port: int, transport: str) -> tuple[socket.socket, tuple[str, int]]:
        self.dialled.append((address, port, transport))
        if (address, port, transport) not in self.routes:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM)
        made.setblocking(False)
        return made, ("127.0.0.1", self.routes[address, port, transport])


class World:
    """Servers at logical addresses, and the network that leads to them."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.network = MappedNetwork()
        self.network.roots = authority.roots
        self._servers: list[asyncio.Server] = []
        self._sockets: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def site(self, address: str, port: int, handler: Handler, context: ssl.SSLContext | None = None) -> None:
        """A TCP (or TLS) server; whatever its handler leaves open is closed."""

        async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await handler(reader, writer)
            except (OSError, EOFError):
                pass
            except asyncio.CancelledError:
                writer.transport.abort()
            finally:
                self._tasks.discard(task)
                writer.close()

        server = await asyncio.start_server(guarded, "127.0.0.1", 0, ssl=context)
        self._servers.append(server)
        self.network.routes[address, port, "tcp"] = server.sockets[0].getsockname()[1]

    def datagrams(self, address: str, port: int, handler: OnDatagram) -> None:
        """A UDP server: `handler(data, send)`, where `send(data, ttl=…)` answers."""
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.setblocking(False)
        server.bind(("127.0.0.1", 0))

        def ready() -> None:
            data, peer = server.recvfrom(65535)

            def send(answer: bytes, ttl: int = 64) -> None:
                server.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
                server.sendto(answer, peer)

            handler(data, send)

        asyncio.get_running_loop().add_reader(server, ready)
        self._sockets.append(server)
        self.network.routes[address, port, "udp"] = server.getsockname()[1]

    def silent(self, address: str, port: int) -> None:
        """An address that lets SYNs fall: a listener whose queue is full (Linux)."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        self._sockets.append(listener)
        for _ in range(4):
            filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            self._sockets.append(filler)
        self.network.routes[address, port, "tcp"] = listener.getsockname()[1]

    def refusing(self, address: str, port: int, transport: str = "tcp") -> None:
        """An address where nothing listens."""
        kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
        with socket.socket(socket.AF_INET, kind) as unused:
            unused.bind(("127.0.0.1", 0))
            self.network.routes[address, port, transport] = unused.getsockname()[1]

    def trace(self, **limits: float) -> Trace:
        """A fresh trace on this network."""
        loop = asyncio.get_running_loop()
        zero = loop.time()
        return Trace(
            network=self.network,
            limits=Limits(**{"dns_linger": 0.05, **limits}),
            started=NOW,
            elapsed=lambda: loop.time() - zero,
        )

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for server in self._servers:
            server.close()
            await server.wait_closed()
        for opened in self._sockets:
            asyncio.get_running_loop().remove_reader(opened)
            opened.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("stranger"), "Stranger Root")


@pytest.fixture
async def world(authority: Authority) -> AsyncIterator[World]:
    made = World(authority)
    yield made
    await made.close()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def reset() -> Iterator[Callable[[asyncio.StreamWriter], None]]:
    """Ends a connection with a RST."""

    def end(writer: asyncio.StreamWriter) -> None:
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return end

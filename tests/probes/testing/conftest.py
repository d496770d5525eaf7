"""Plain clients for the lab: sockets, `ssl` and dnspython, none of the project's own steps."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import dns.message
import dns.rcode
import pytest

from probes.network import Network
from probes.testing import Internet, Route, Site, page

_BOUND = 10.0
"""Far beyond what anything here takes: a test that meets it has found a hang."""

ADDRESS = "93.184.216.34"
OTHER = "93.184.216.35"


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """A DNS answer and the IP TTL that it arrived with."""

    message: dns.message.Message
    ttl: int

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(item.to_text() for rrset in self.message.answer for item in rrset)

    @property
    def rcode(self) -> str:
        return dns.rcode.to_text(self.message.rcode())


@pytest.fixture
def internet() -> Internet:
    """Two sites: news.example, which tells its visitors apart on one path, and other.example."""
    return Internet(
        sites=(
            Site(
                names=("news.example", "www.news.example"),
                addresses=(ADDRESS,),
                routes=(
                    Route(path="/who", views=("home",), response=page("You are at home")),
                    Route(hosts=("news.example", "www.news.example"), response=page("News", length=2000)),
                ),
            ),
            Site(names=("other.example",), addresses=(OTHER,)),
        ),
        aliases={"cdn.example": "news.example"},
    )


async def _connect(network: Network, address: str, port: int) -> socket.socket:
    sock, endpoint = network.open(address, port, "tcp")
    try:
        async with asyncio.timeout(_BOUND):
            await asyncio.get_running_loop().sock_connect(sock, endpoint)
    except BaseException:
        sock.close()
        raise
    return sock


@pytest.fixture
def connect() -> Callable[..., Awaitable[socket.socket]]:
    """Connect to a logical endpoint; OSError as the kernel raises it."""
    return _connect


@pytest.fixture
def fetch() -> Callable[..., Awaitable[bytes]]:
    """GET a path of a host from a logical endpoint and give every byte until the peer ends; port 443 is TLS."""

    async def get(network: Network, host: str, port: int, *, path: str = "/", address: str = ADDRESS, **tls) -> bytes:
        sock = await _connect(network, address, port)
        context = _context(network, **tls) if port == 443 else None
        reader, writer = await asyncio.open_connection(
            sock=sock,
            ssl=context,
            server_hostname=host if context else None,
            ssl_shutdown_timeout=0.1 if context else None,
        )
        try:
            async with asyncio.timeout(_BOUND):
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                return await _response(reader)
        finally:
            writer.transport.abort()

    return get


def _context(network: Network, *, verify: bool = True) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=b"".join(network.roots))
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _response(reader: asyncio.StreamReader) -> bytes:
    """Head and body by their length, or everything until the end where no length is told."""
    head = await reader.readline()
    while not head.endswith(b"\r\n\r\n"):
        line = await reader.readline()
        if not line:
            return head
        head += line
    length = next(
        (int(v) for n, _, v in (x.partition(b":") for x in head.split(b"\r\n")) if n.lower() == b"content-length"), None
    )
    return head + (await reader.readexactly(length) if length is not None else await reader.read())


def _client_hello(name: str) -> bytes:
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.fixture
def client_hello() -> Callable[[str], bytes]:
    """The first bytes of a TLS client that asks for a name."""
    return _client_hello


@pytest.fixture
def greet() -> Callable[..., Awaitable[bytes]]:
    """Send a ClientHello to port 443 of an address and give the first bytes that come back; none is FIN."""

    async def send(network: Network, name: str, *, address: str = ADDRESS) -> bytes:
        loop = asyncio.get_running_loop()
        with await _connect(network, address, 443) as sock:
            await loop.sock_sendall(sock, _client_hello(name))
            return await loop.sock_recv(sock, 65536)

    return send


@pytest.fixture
def ask() -> Callable[..., Awaitable[list[Datagram]]]:
    """Ask a resolver for a name; up to `answers` answers, each within `bound` (the first) or `linger` seconds."""

    async def lookup(
        network: Network,
        name: str,
        *,
        at: str | None = None,
        kind: str = "A",
        answers: int = 1,
        bound: float = _BOUND,
        linger: float = _BOUND,
    ) -> list[Datagram]:
        address, port = (at, 53) if at else network.resolver
        query = dns.message.make_query(name, kind, use_edns=0)
        sock, endpoint = network.open(address, port, "udp")
        received: list[Datagram] = []
        with sock:
            sock.connect(endpoint)
            sock.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL, which Python 3.11 does not name
            sock.send(query.to_wire())
            loop = asyncio.get_running_loop()
            for number in range(answers):
                readable = loop.create_future()
                loop.add_reader(sock, readable.set_result, None)
                try:
                    async with asyncio.timeout(linger if number else bound):
                        await readable
                except TimeoutError:
                    break
                finally:
                    loop.remove_reader(sock)
                data, extra, _, _ = sock.recvmsg(4096, 256)
                received.append(
                    Datagram(message=dns.message.from_wire(data), ttl=int.from_bytes(extra[0][2], "little"))
                )
        return received

    return lookup

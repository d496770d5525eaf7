"""What is sent when: after a week, after a refusal, through a proxy, by another address, under a wrong clock."""

from __future__ import annotations

import asyncio
import random
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from monitor.agent.delivery import Delivery
from monitor.agent.folder import AgentError, AgentFolder
from monitor.agent.spool import Spool
from monitor.agent.uplink import UnreachableError, Uplink
from monitor.sshsig import SigningKey
from monitor.wire.request import WINDOW
from probes.model import Target
from probes.testing.certificates import Certificates
from tests.monitor.agent.conftest import Clocks, FakeCollector, plan, problem
from tests.monitor.agent.test_spool import PLAN, visit

LIMIT = 256 * 1024 * 1024


async def at_once(work):
    """The disk's thread, in a test without threads."""
    return work()


@pytest.fixture
def spool(folder: AgentFolder):
    """The agent's spool."""
    made = Spool(folder.spool, limit=LIMIT)
    yield made
    made.close()


@pytest.fixture
async def delivery(folder: AgentFolder, collector: FakeCollector, clocks: Clocks, spool: Spool):
    """The conversation of an agent with the collector in the process."""
    key = folder.key()
    async with Uplink(("https://c.example",), key, clocks, transport=collector.transport) as uplink:
        yield Delivery(
            folder=folder,
            spool=spool,
            uplink=uplink,
            key=key,
            collector=collector.key.public,
            moments=clocks,
            on_disk=at_once,
            software="test",
            plan=(1, folder.plan(collector.key.public)[1]),
            draw=lambda: 0.5,
        )


def measure(spool: Spool, clocks: Clocks, number: int, *, apart: float = 10.0) -> None:
    """So many visits, each kept."""
    for each in range(number):
        clocks.steady += apart
        assert spool.append(visit(each, clocks), clocks(), PLAN)


async def test_a_week_without_uplink_arrives_whole_and_in_order(
    delivery: Delivery, spool: Spool, collector: FakeCollector, clocks: Clocks
):
    """6 targets every hour for 7 days with a round of delivery each hour, none of which gets through; then one does.

    Every measurement arrives, once, in the order in which it was made, with the clock that it was made by: three
    minutes wrong until the fourth day, and right from then on.
    """
    clocks.wrong = 180.0
    collector.up = False
    pauses = []
    for hour in range(7 * 24):
        if hour == 4 * 24:
            clocks.wrong = 0.0
        measure(spool, clocks, 6, apart=600.0)
        pauses.append(await delivery.round())
    assert {each.standing for each in pauses} == {"unreachable"}
    assert pauses[-1].seconds <= 900
    collector.up = True
    assert (await delivery.round()).standing == "well"

    arrived = collector.measurements
    wrong = [180 if index < 4 * 24 * 6 else 0 for index in range(len(arrived))]
    started = [each.started - timedelta(seconds=off) for each, off in zip(arrived, wrong, strict=True)]
    assert len(arrived) == 7 * 24 * 6
    assert len(set(collector.documents)) == len(arrived)
    assert started == sorted(started)
    offsets = [each.header.clock.offset for each in collector.headers for _ in each.documents]
    assert offsets[: 4 * 24 * 6] == pytest.approx([180.0] * 4 * 24 * 6, abs=1)
    assert offsets[4 * 24 * 6 :] == pytest.approx([0.0] * 3 * 24 * 6, abs=1)
    assert spool.backlog().waiting == 0


async def test_a_clock_that_is_hours_off_does_not_keep_anything_back(
    delivery: Delivery, spool: Spool, collector: FakeCollector, clocks: Clocks
):
    """The first request is refused for its time, the next is signed by the collector's clock; the batch says how far
    the own clock is off, so that nobody builds on it."""
    clocks.wrong = 7 * 3600.0
    measure(spool, clocks, 2)
    assert (await delivery.round()).standing == "well"

    assert collector.requests[:2] == ["/agent/v1/plan", "/agent/v1/plan"]
    assert collector.headers[0].header.clock.offset == pytest.approx(7 * 3600, abs=1)
    assert timedelta(seconds=collector.headers[0].header.clock.offset) > WINDOW


@pytest.mark.parametrize(
    "case",
    [
        (problem(503, "busy", wait=120), "busy", (120, 160)),
        (problem(429, "busy", wait=86_400), "busy", (3600, 4700)),
        (problem(403, "unapproved"), "unapproved", (5, 10)),
        (problem(403, "consent"), "consent", (5, 10)),
        (problem(401, "signature"), "signature", (5, 10)),
        (problem(404, "unknown"), "unknown", (5, 10)),
        (httpx.Response(500), "refused (500)", (5, 10)),
        (httpx.Response(200, content=b"<html>a portal</html>"), "malformed", (5, 10)),
        (httpx.Response(200, content=b"[" * 9_000_000), "unreachable", (5, 10)),
        (httpx.Response(502), "unreachable", (5, 10)),
    ],
)
async def test_a_refusal_keeps_everything_and_waits(
    delivery: Delivery, spool: Spool, collector: FakeCollector, clocks: Clocks, case
):
    """As long as it was asked to, or longer each time; nothing is lost, and it all goes out when it may."""
    refusal, standing, seconds = case
    measure(spool, clocks, 3)
    collector.refuse = refusal
    first = await delivery.round()
    assert first.standing == standing
    assert seconds[0] <= first.seconds <= seconds[1]
    assert not first.over
    if refusal.headers.get("Retry-After") is None:
        waits = [(await delivery.round()).seconds for _ in range(9)]
        assert waits == sorted(waits)
        assert waits[-1] == 675.0
    collector.refuse = None
    assert (await delivery.round()).standing == "well"
    assert len(collector.documents) == 3


async def test_a_disk_without_any_room_is_waited_for(
    delivery: Delivery, spool: Spool, collector: FakeCollector, clocks: Clocks
):
    """The round says so, nothing is lost, and it goes on by itself."""
    noise = random.Random(3)
    for number in range(30):
        clocks.steady += 10
        assert spool.append(visit(number, clocks, page=noise.randbytes(3000)), clocks(), PLAN)
    spool._connection.execute("PRAGMA max_page_count = 1")
    assert (await delivery.round()).standing == "disk_full"
    assert spool.backlog().waiting == 30
    spool._connection.execute("PRAGMA max_page_count = 1000000")
    assert (await delivery.round()).standing == "well"

    assert len(collector.documents) == 30


async def test_a_front_that_takes_only_small_batches_gets_them(
    delivery: Delivery, spool: Spool, collector: FakeCollector, clocks: Clocks
):
    """413 halves the batch until it goes through."""
    measure(spool, clocks, 40)
    batch, most = collector._batch, 2000
    collector._batch = lambda body: problem(413, "too_large") if len(body) > most else batch(body)
    assert (await delivery.round()).standing == "well"

    assert len(collector.documents) == 40
    assert len(collector.headers) > 2


async def test_a_new_disk_goes_on_with_the_chain_of_the_old_one(
    delivery: Delivery, spool: Spool, collector: FakeCollector, clocks: Clocks, folder: AgentFolder
):
    """The spool is gone, the key is there: the collector says where the chain is, and it is not broken."""
    measure(spool, clocks, 2)
    await delivery.round()
    spool._connection.executescript("DELETE FROM word; DELETE FROM measurement; DELETE FROM sealed;")
    measure(spool, clocks, 3)
    assert (await delivery.round()).standing == "well"

    assert [each.header.sequence for each in collector.headers] == [1, 2]
    assert collector.headers[1].header.previous == collector.headers[0].header.sha256


async def test_a_chain_that_went_on_elsewhere_is_a_fork(
    delivery: Delivery, spool: Spool, collector: FakeCollector, clocks: Clocks
):
    """A collector that has other batches of our key than we: nothing is sent any more, and nothing thrown away."""
    measure(spool, clocks, 2)
    await delivery.round()
    copy = collector.headers[-1]
    collector.headers.append(replace(copy, header=replace(copy.header, sequence=9)))
    measure(spool, clocks, 3)
    pause = await delivery.round()

    assert (pause.standing, pause.seconds) == ("fork", 3600.0)
    assert spool.backlog().waiting == 3


async def test_a_receipt_for_something_else_is_none(
    delivery: Delivery, spool: Spool, collector: FakeCollector, clocks: Clocks
):
    """Signed by another key, or for another batch: the measurements stay."""
    measure(spool, clocks, 1)
    batch = collector._batch

    def forged(body: bytes) -> httpx.Response:
        batch(body)
        honest, collector.key = collector.key, SigningKey.generate()
        try:
            collector.receipts.clear()
            collector.headers.clear()
            return batch(body)
        finally:
            collector.key = honest

    collector._batch = forged
    assert (await delivery.round()).standing == "malformed"
    assert spool.backlog().waiting == 1


async def test_a_new_plan_is_kept_as_it_was_signed(delivery: Delivery, collector: FakeCollector, folder: AgentFolder):
    """The next process reads it from the disk, and checks it again."""
    collector.plan = plan(serial=2, targets=(Target(id="one", urls=("https://one.example/",)),))
    await delivery.round()

    assert folder.plan(collector.key.public)[0] == collector.plan
    place = folder.path / "plan.json"
    place.write_bytes(place.read_bytes().replace(b"one.example", b"two.example"))
    with pytest.raises(AgentError, match="not what was signed"):
        folder.plan(collector.key.public)


# The way out


async def test_addresses_are_tried_in_turn_and_the_last_good_one_first(collector: FakeCollector, clocks: Clocks):
    """A blocked front costs one attempt, once."""
    asked = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if request.url.host == "blocked.example":
            raise httpx.ConnectTimeout("nobody")
        if request.url.host == "front.example":
            return httpx.Response(502, stream=httpx.ByteStream(b""))
        return httpx.Response(200, stream=httpx.ByteStream(b"{}"))

    addresses = ("https://blocked.example", "https://front.example", "https://good.example/path")
    async with Uplink(addresses, SigningKey.generate(), clocks, transport=httpx.MockTransport(answer)) as uplink:
        await uplink.ask("GET", "/agent/v1/plan")
        await uplink.ask("GET", "/agent/v1/plan")

    assert asked == ["blocked.example", "front.example", "good.example", "good.example"]


@pytest.mark.parametrize(
    "address",
    [
        "http://collector.example",
        "ftp://c.example",
        "https://",
        "c.example",
        "https://user:pw@c.example/",
        "https://c.example/?a=b",
    ],
)
def test_an_address_that_would_send_in_the_clear_is_refused(address: str, clocks: Clocks):
    """Or one that is none."""
    with pytest.raises(AgentError):
        Uplink((address,), SigningKey.generate(), clocks)


async def serve(context: ssl.SSLContext | None = None) -> tuple[asyncio.Server, int, list[bytes]]:
    """A server that answers every request with an empty object, over TLS where there is a context for it."""
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head)
        date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        writer.write(f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    return server, server.sockets[0].getsockname()[1], seen


class Socks:
    """A SOCKS5 server that resolves names itself, as Tor does; `asked` are the names that it was given (RFC 1928)."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self.done = asyncio.Event()
        self._port = port

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        _, _, _, kind = await reader.readexactly(4)
        assert kind == 3, "the name was resolved here"
        (length,) = await reader.readexactly(1)
        self.asked.append((await reader.readexactly(length)).decode())
        await reader.readexactly(2)
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
        await self.carry(reader, writer, there, back)

    async def carry(self, reader, writer, there, back) -> None:
        """Both ways, until both ends have closed."""
        await asyncio.gather(self._pipe(reader, back), self._pipe(there, writer))
        await asyncio.gather(back.wait_closed(), writer.wait_closed(), return_exceptions=True)
        self.done.set()

    @staticmethod
    async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
        writer.close()


async def test_an_onion_service_is_reached_through_a_socks_proxy_that_resolves_its_name(clocks: Clocks):
    """No name is looked up here, and the onion address needs no certificate."""
    server, port, seen = await serve()
    socks = Socks(port)
    proxy = await asyncio.start_server(socks, "127.0.0.1", 0)
    through = f"socks5://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    async with server, proxy, Uplink(
        ("http://abcdefghij.onion",), SigningKey.generate(), clocks, proxy=through
    ) as uplink:  # fmt: skip
        assert (await uplink.ask("GET", "/agent/v1/plan")).status == 200
        await uplink.__aexit__()
        await asyncio.wait_for(socks.done.wait(), 30)

    assert socks.asked == ["abcdefghij.onion"]
    assert b"Signature: presscanary=:" in seen[0]


async def test_only_pinned_certificates_vouch_for_the_collector(tmp_path: Path, clocks: Clocks):
    """With its own authority it is reached; with another, or the usual ones, nothing is sent."""
    ours, theirs = (Certificates(tmp_path, datetime.now(UTC)) for _ in range(2))
    (tmp_path / "ours.pem").write_text(ssl.DER_cert_to_PEM_cert(ours.trusted.der))
    (tmp_path / "theirs.pem").write_text(ssl.DER_cert_to_PEM_cert(theirs.trusted.der))
    server, port, seen = await serve(ours.context("valid", ("localhost",)))
    address = (f"https://localhost:{port}",)
    async with server:
        async with Uplink(address, SigningKey.generate(), clocks, ca=tmp_path / "ours.pem") as uplink:
            assert (await uplink.ask("GET", "/agent/v1/plan")).status == 200
        for ca in (tmp_path / "theirs.pem", None):
            async with Uplink(address, SigningKey.generate(), clocks, ca=ca) as uplink:
                with pytest.raises(UnreachableError, match="certificate"):
                    await uplink.ask("GET", "/agent/v1/plan")
    assert len(seen) == 1


def test_a_pinned_file_that_holds_no_certificate_is_told(tmp_path: Path, clocks: Clocks):
    """At the start, not at the first request."""
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises((AgentError, ssl.SSLError)):
        Uplink(("https://c.example",), SigningKey.generate(), clocks, ca=tmp_path / "ca.pem")


async def test_a_web_proxy_carries_what_it_cannot_read(tmp_path: Path, clocks: Clocks):
    """CONNECT to the collector's name, then TLS through it: the proxy is told a name and sees no request."""
    ours = Certificates(tmp_path, datetime.now(UTC))
    (tmp_path / "ours.pem").write_text(ssl.DER_cert_to_PEM_cert(ours.trusted.der))
    server, port, seen = await serve(ours.context("valid", ("collector.example",)))
    asked: list[bytes] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        there, back = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await pipes.carry(reader, writer, there, back)

    pipes = Socks(port)
    proxy = await asyncio.start_server(carry, "127.0.0.1", 0)
    through = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    async with server, proxy, Uplink(
        ("https://collector.example",), SigningKey.generate(), clocks, proxy=through, ca=tmp_path / "ours.pem"
    ) as uplink:  # fmt: skip
        assert (await uplink.ask("POST", "/agent/v1/batches", b"secret")).status == 200
        await uplink.__aexit__()
        await asyncio.wait_for(pipes.done.wait(), 30)

    assert asked[0].startswith(b"CONNECT collector.example:443 ")
    assert b"secret" not in asked[0]
    assert seen[0].startswith(b"POST /agent/v1/batches")

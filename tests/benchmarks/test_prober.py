"""Our side of the comparison measures what it says, through the code that the schedule runs."""

from __future__ import annotations

import asyncio

from benchmarks.prober import Loopback, availability, name, repeat

PAGE = b"HTTP/1.1 %s\r\nContent-Length: 5\r\n\r\nhello"


async def test_whole_pages_are_successes_and_all_else_is_none() -> None:
    """A page with status 200 counts as done; one without, and a closed port, count as errors."""
    status = b"200 OK"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(PAGE % status)
        await writer.drain()
        writer.close()

    network = Loopback(root=b"", dns=9)
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert await availability(url, network)()
        status = b"503 Busy"
        assert not await availability(url, network)()
    assert not await availability(url, network)()


async def test_our_own_address_is_looked_for_as_in_the_open() -> None:
    """A socket of the benchmark says that it has a public address, and still works."""
    opened, target = Loopback(root=b"", dns=9).open("127.0.0.1", 53, "udp")
    with opened:
        opened.connect(target)
        assert opened.getsockname()[0] == "198.51.100.23"
        assert opened.getpeername() == ("127.0.0.1", 53)


async def test_a_lookup_that_is_refused_is_an_error() -> None:
    """Where nobody listens for DNS, the lookup is no success."""
    assert not await name(Loopback(root=b"", dns=9), 9)()


async def test_attempts_are_repeated_by_so_many_workers() -> None:
    """All workers are busy at the same time, and successes and failures are counted apart."""
    running = most = calls = 0

    async def attempt() -> bool:
        nonlocal running, most, calls
        running += 1
        most = max(most, running)
        calls += 1
        mine = calls
        await asyncio.sleep(0.001)
        running -= 1
        return mine % 2 == 0

    good, bad = await repeat(attempt, concurrency=4, seconds=0.05)
    assert (most, good + bad) == (4, calls)
    assert abs(good - bad) <= 1

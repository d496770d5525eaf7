"""The caller understands how the peer frames its answers."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.caller import UnreadableError, answer, call

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n\nprobe_success 1\r\n1\r\n\n\r\n0\r\n\r\n"
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n\nprobe_success 0\n"


def heard(*parts: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    for part in parts:
        reader.feed_data(part)
    reader.feed_eof()
    return reader


async def test_answers_follow_each_other_on_one_connection() -> None:
    """Answers in chunks and with a length end where they end, so that the next one begins there."""
    reader = heard(CHUNKED, LONG)
    assert [await answer(reader), await answer(reader)] == [b"\nprobe_success 1\n", b"\nprobe_success 0\n"]


async def test_an_answer_without_an_end_is_refused() -> None:
    """Where only the end of the connection would end it, no next answer can follow."""
    with pytest.raises(UnreadableError):
        await answer(heard(b"HTTP/1.1 200 OK\r\n\r\nabc"))


async def test_successes_and_failures_are_counted_apart() -> None:
    """A probe that the peer calls failed is an error of the run, not a fast probe."""
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        while await reader.read(4096):
            asked += 1
            writer.write(CHUNKED if asked % 2 else LONG)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        good, bad = await call(port, "/probe", concurrency=1, seconds=0.05)
    assert good + bad == asked
    assert good - bad in (0, 1)

"""Waiting for a socket, and not hearing of it when nobody waits."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from probes.steps.readiness import Readiness
from probes.steps.tcp import Stream, reach


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    yield ours, theirs
    ours.close()
    theirs.close()


async def test_it_waits_until_something_is_there(pair) -> None:
    """A wait ends with the first byte, and the next one with the next."""
    ours, theirs = pair
    readiness = Readiness(ours)
    for byte in (b"a", b"b"):
        waiting = asyncio.ensure_future(readiness.receive(9))
        await asyncio.sleep(0)
        assert not waiting.done()
        theirs.send(byte)
        assert await waiting == byte
    readiness.close()


async def test_what_nobody_waits_for_does_not_keep_the_loop_awake(pair) -> None:
    """Bytes that come while nobody waits are told once, and are still there for the next wait."""
    ours, theirs = pair
    readiness = Readiness(ours)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(readiness.receive(9), 0.01)
    theirs.send(b"late")
    for _ in range(4):
        await asyncio.sleep(0)
    assert not asyncio.get_running_loop().remove_reader(ours.fileno())  # True where it is registered
    assert await readiness.receive(9) == b"late"
    readiness.close()
    readiness.close()


async def test_a_number_that_is_used_again_is_another_socket(pair) -> None:
    """After a stream was closed, a new one with the same number hears its own bytes."""
    ours, _ = pair
    first = Stream(ours, ("", 0))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(first.read(9), 0.01)
    number = ours.fileno()
    first.close()
    others, peer = socket.socketpair()
    with others, peer:
        assert number in (others.fileno(), peer.fileno())
        again, other = (others, peer) if others.fileno() == number else (peer, others)
        again.setblocking(False)
        second = Stream(again, ("", 0))
        other.send(b"new")
        assert await second.read(9) == b"new"
        second.close()


async def test_more_than_fits_is_written_as_room_comes(pair) -> None:
    """A write that fills the socket goes on where it stopped, and counts every byte."""
    ours, theirs = pair
    stream, data = Stream(ours, ("", 0)), bytes(range(256)) * 8192
    theirs.setblocking(False)
    taken = bytearray()

    async def take() -> None:
        reader = Stream(theirs, ("", 0))
        while len(taken) < len(data):
            taken.extend(await reader.read(65536))

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(take())
        group.create_task(stream.write(data))
    assert bytes(taken) == data
    assert stream.sent == len(data)


async def test_a_refusal_has_its_own_error() -> None:
    """A connection that is refused is the same exception that the socket itself would raise."""
    with socket.socket() as taken, socket.socket() as opened:
        taken.bind(("127.0.0.1", 0))
        opened.setblocking(False)
        with pytest.raises(ConnectionRefusedError) as refused:
            await reach(opened, taken.getsockname())
    assert refused.value.errno == errno.ECONNREFUSED

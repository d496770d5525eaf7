"""Connecting to one address."""

from __future__ import annotations

import asyncio
import socket
import sys

import pytest

from probes.model import TCPConnect
from probes.steps.tcp import connect, read_tcp_info

ADDRESS = "93.184.216.34"


async def quiet(reader, writer) -> None:
    await reader.read(1)


async def test_a_connection_is_recorded_and_open(world) -> None:
    """A listening address gives a stream and a step without failure, with the kernel's round-trip time on Linux."""
    await world.site(ADDRESS, 80, quiet)
    trace = world.trace()
    stream = await connect(trace.at(3), ADDRESS, 80)
    stream.close()
    (step,) = trace.steps
    assert isinstance(step, TCPConnect)
    assert (step.hop, step.address, step.port, step.failure) == (3, ADDRESS, 80, None)
    assert (step.tcp_info is not None) == (sys.platform == "linux")


async def test_nobody_listens(world) -> None:
    """A refused connection has no stream and OONI's word."""
    world.refusing(ADDRESS, 80)
    trace = world.trace()
    assert await connect(trace, ADDRESS, 80) is None
    assert trace.steps[0].failure == "connection_refused"


@pytest.mark.skipif(sys.platform != "linux", reason="a full listen queue drops SYNs on Linux only")
async def test_nobody_answers(world) -> None:
    """Dropped SYNs end at the limit as a timeout."""
    world.silent(ADDRESS, 80)
    trace = world.trace(tcp=0.2)
    assert await connect(trace, ADDRESS, 80) is None
    assert trace.steps[0].failure == "generic_timeout_error"


async def test_no_way_there(world) -> None:
    """Where the machine has no route or family, the step says so."""
    trace = world.trace()
    assert await connect(trace, "2620:fe::fe", 80) is None
    assert trace.steps[0].failure == "network_unreachable"


@pytest.mark.skipif(sys.platform != "linux", reason="a full listen queue drops SYNs on Linux only")
async def test_a_cancelled_step_is_still_kept(world) -> None:
    """A connect that is cut from outside is recorded as a timeout, and the cancellation goes on."""
    world.silent(ADDRESS, 80)
    trace = world.trace()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await connect(trace, ADDRESS, 80)
    assert [step.failure for step in trace.steps] == ["generic_timeout_error"]


def test_short_kernel_structures() -> None:
    """An older kernel tells less, and one that tells nothing useful gives None."""
    assert read_tcp_info(bytes(80)) is None
    assert read_tcp_info(bytes(136)).bytes_acked == 0
    assert read_tcp_info(bytes(148) + b"\xff\xff\xff\xff").min_rtt is None
    assert read_tcp_info(bytes(148) + b"\x01\0\0\0").min_rtt == 1


async def test_routers_are_heard_only_while_connecting(world) -> None:
    """Once a connection stands, the kernel is asked to treat ICMP errors as it always does."""

    async def serve(reader, writer) -> None:
        await reader.read(1)

    await world.site("192.0.2.1", 443, serve)
    trace = world.trace()
    stream = await connect(trace, "192.0.2.1", 443)
    assert stream._socket.getsockopt(socket.IPPROTO_IP, 11) == 0
    stream.close()
    assert (trace.steps[0].icmp, trace.steps[0].router) == (None, "")

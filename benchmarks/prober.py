"""Our side of the comparison, as a process of its own: probes as the schedule runs them, for as long as it is told to.

It reads orders from standard input, one JSON object a line, and answers each with what it did:
`{"work": "http", "url": "http://127.0.0.1:19000/", "concurrency": 16, "seconds": 1.5}`; the work `dns` has no URL, and
`name` for the URL's host says that it is looked up first.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import json
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.stage import NAME
from probes.model import DNSLookup, Limits, Measurement, Resolvers, Target, Task, VantagePoint
from probes.network import SystemNetwork, Transport
from probes.registry import all_probes
from probes.steps.dns import lookup
from probes.steps.trace import Trace

LOOPBACK = (ipaddress.IPv4Network("127.0.0.0/8"),)
_ELSEWHERE = "198.51.100.23"

Attempt = Callable[[], Awaitable[bool]]


class _Abroad(socket.socket):
    """A socket that says it has a public address: looking for that in a page is work which loopback would spare us."""

    __slots__ = ()

    def getsockname(self) -> tuple[str, int]:
        return _ELSEWHERE, super().getsockname()[1]


class Loopback(SystemNetwork):
    """The system's network with loopback let through, one root, and its resolver at a port of our own."""

    def __init__(self, *, root: bytes, dns: int) -> None:
        super().__init__(allow=LOOPBACK, roots=(root,))
        self._dns = dns

    @property
    def resolver(self) -> tuple[str, int] | None:
        """The benchmark's name server."""
        return "127.0.0.1", self._dns

    def open(self, address: str, port: int, transport: Transport) -> tuple[socket.socket, tuple[str, int]]:
        """A socket as the system makes it, but with a public address of its own."""
        opened, target = super().open(address, port, transport)
        opened.__class__ = _Abroad  # dressed up, because making a second one is no work of a probe
        return opened, target


def availability(url: str, network: Loopback) -> Attempt:
    """One measurement of kind `availability`; True where the whole page came."""
    measure = all_probes()["availability"].measure
    task = Task(target=Target(id="bench", urls=(url,)), url=url, vantage=VantagePoint(id="here"))

    async def attempt() -> bool:
        return came(await measure(task, network, lambda: datetime.now(UTC)))

    return attempt


def came(measurement: Measurement) -> bool:
    """Whether the last step is a whole page with status 200."""
    last = measurement.steps[-1]
    return last.failure is None and getattr(last, "status", None) == 200


def name(network: Loopback, dns: int) -> Attempt:
    """One question over UDP, the first answer counts, as a monitor asks."""
    resolvers = Resolvers(udp=f"127.0.0.1:{dns}", doh=None)

    async def attempt() -> bool:
        loop = asyncio.get_running_loop()
        zero = loop.time()
        limits = Limits(dns_linger=0.0)
        trace = Trace(
            network=network,
            limits=limits,
            started=datetime.now(UTC),
            elapsed=lambda: asyncio.get_running_loop().time() - zero,
        )
        await lookup(trace, engine="udp", name=NAME, query_type="A", resolvers=resolvers)
        (step,) = trace.record()
        return isinstance(step, DNSLookup) and len(step.addresses) == 2

    return attempt


async def repeat(attempt: Attempt, *, concurrency: int, seconds: float) -> tuple[int, int]:
    """Attempt again and again, so many at once, until the time is over; how many succeeded and how many did not."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    done = [0, 0]

    async def work() -> None:
        while loop.time() < until:
            done[0 if await attempt() else 1] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())
    return done[0], done[1]


def main() -> None:
    """Take orders until standard input ends."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--root", type=Path, required=True, help="the trusted root, DER")
    arguments.add_argument("--dns", type=int, required=True, help="port of the name server")
    arguments.add_argument("--uvloop", action="store_true", help="with another event loop, where it is installed")
    given = arguments.parse_args()
    network = Loopback(root=given.root.read_bytes(), dns=given.dns)
    with asyncio.Runner(loop_factory=_fast_loop() if given.uvloop else None) as runner, suppress(KeyboardInterrupt):
        for line in sys.stdin:
            order = json.loads(line)
            attempt = name(network, given.dns) if order["work"] == "dns" else availability(order["url"], network)
            good, bad = runner.run(repeat(attempt, concurrency=order["concurrency"], seconds=order["seconds"]))
            print(json.dumps({"good": good, "bad": bad}), flush=True)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    import uvloop  # noqa: PLC0415 - installed by those who want to compare

    made: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return made


if __name__ == "__main__":
    main()

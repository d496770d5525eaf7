"""A place to measure from: a process of its own inside of one node, without a single capability."""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from random import Random

from probes.model import Measurement, Task
from probes.network import SystemNetwork
from probes.registry import all_probes

LAB = (ip_network("198.18.0.0/15"), ip_network("2001:db8::/32"))
"""The addresses between the routers (RFC 2544, RFC 3849), which no probe would dial elsewhere."""
_CAPABILITY_VERSION = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 of <linux/capability.h>."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to measure: with a probe of which kind, and with which seed where it draws."""

    kind: str
    task: Task
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of an order; `fault` is ours."""

    measurement: Measurement | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What the tests are told when all stands: the echo server's pin, and the seconds that building took."""

    pin: str
    seconds: float


def open_place(settle: Callable[[], None], resolv_conf: Path, roots: tuple[bytes, ...]) -> Connection:
    """Start a process that goes where `settle` leads and measures whatever is ordered; the pipe to it."""
    here, there = Pipe()
    if os.fork() == 0:
        here.close()
        try:
            settle()
            _give_up_capabilities()
            _serve(there, SystemNetwork(resolv_conf=resolv_conf, roots=roots, allow=LAB))
        finally:
            os._exit(0)
    there.close()
    return here


def capabilities() -> int:
    """The effective capabilities of this process as a bit mask (proc(5))."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff")), 16)


def _give_up_capabilities() -> None:
    """capset(2) with nothing in it, so that probes are tested as the ordinary user runs them."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, bytes(24)) != 0 or capabilities():
        raise OSError(ctypes.get_errno(), "capabilities could not be given up")


def _serve(orders: Connection, network: SystemNetwork) -> None:
    while True:
        try:
            order = orders.recv()
        except EOFError:
            return
        try:
            orders.send(Answer(measurement=asyncio.run(_measure(order, network))))
        except Exception as fault:  # noqa: BLE001 - told to the test that ordered it
            orders.send(Answer(fault=f"{type(fault).__name__}: {fault}"))


async def _measure(order: Order, network: SystemNetwork) -> Measurement:
    measure = all_probes()[order.kind].measure
    drawing = {"source": Random(order.seed)} if "source" in measure.__annotations__ else {}
    return await measure(order.task, network, lambda: datetime.now(UTC), **drawing)

"""The frame around every measurement: its clock, its total limit, and the record that comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
from importlib import metadata
from typing import TypeAlias

from probes.failure import TIMEOUT
from probes.flows.lateness import Lateness
from probes.model import Clock, Failure, Measurement, Task
from probes.network import Network
from probes.steps.trace import Trace

Walk: TypeAlias = Callable[[Trace], Awaitable[None]]


async def carry(
    task: Task, network: Network, clock: Clock, *, kind: str, version: str, walk: Walk, resting: float = 0.0
) -> Measurement:
    """Let `walk` make its steps and return them as a measurement, in the order in which they began.

    Where `limits.total` is reached (and the seconds that a walk spends `resting` are over), the measurement's own
    failure says so, and the steps that were under way are among the others as `generic_timeout_error`. What `walk`
    raises for a wrong order (ValueError) is the caller's.
    """
    loop = asyncio.get_running_loop()
    started, zero = clock(), loop.time()
    trace = Trace(network=network, limits=task.limits, started=started, elapsed=lambda: loop.time() - zero)
    failure: Failure = None
    lateness = Lateness(loop)
    try:
        async with asyncio.timeout(task.limits.total + resting):
            await walk(trace)
    except TimeoutError:
        failure = TIMEOUT
    finally:
        lag = lateness.most()
    return Measurement(
        kind=kind,
        kind_version=version,
        target=task.target.id,
        url=task.url,
        vantage=task.vantage,
        started=started,
        duration=trace.elapsed(),
        steps=trace.record(),
        failure=failure,
        innocuous=task.target.innocuous,
        software=software(),
        lag=lag,
    )


@lru_cache(maxsize=1)
def software() -> str:
    """Name and version of the program, as records carry it."""
    try:
        return f"presscanary {metadata.version('presscanary')}"
    except metadata.PackageNotFoundError:
        return "presscanary"

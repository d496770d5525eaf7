"""`child.py CONFIG DATA`: `presscanary run` over a lab instead of the internet, as a process that can be killed.

Beside what the program prints: `began TARGET` when a measurement begins, `kept ID` once it was acknowledged. Each site
answers slowly, so that a signal finds something in its middle.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from typing import Any

import monitor.app
import monitor.cli.run
from monitor.config import Settings
from monitor.model import Outcome
from monitor.pipeline import record
from probes.model import Clock, Measurement, Task
from probes.network import Network
from probes.registry import all_probes
from probes.testing import AddressBlock, Internet, Loopback, Route, Site, Throttle, page

NAMES = ("herald", "lantern", "library", "museum")
PROBES = all_probes()
STOP = monitor.app.App.stop
WATCH = monitor.cli.run._watch


def say(*words: str) -> None:
    print(*words, flush=True)


def site(number: int, name: str) -> Site:
    front = Route(response=page(f"The page of {name}", length=3000))
    return Site(names=(f"{name}.example",), addresses=(f"93.184.216.{number}",), routes=(front,))


def kept(measurement: Measurement, *arguments: object, **options: object) -> Outcome:
    """Record a measurement, and say so only then."""
    outcome = record(measurement, *arguments, **options)  # type: ignore[arg-type]
    say("kept", outcome.measurement, outcome.target)
    return outcome


async def begun(task: Task, network: Network, clock: Clock) -> Measurement:
    """Measure, and say so before."""
    say("began", task.target.id)
    return await PROBES["website"].measure(task, network, clock)


def stopping(app: monitor.app.App) -> None:
    """Stop as usual, and say so once the signal has been dealt with."""
    STOP(app)
    asyncio.get_running_loop().call_soon(say, "stopping", "now")


async def watch(settings: Settings, *arguments: Any) -> None:
    """What `run` does, over the lab."""
    slow = tuple(AddressBlock(address=f"93.184.216.{n}", action=Throttle(bytes_per_second=3000)) for n in range(4))
    async with Loopback(Internet(sites=tuple(site(n, name) for n, name in enumerate(NAMES)))) as lab:
        monitor.app.system_network = lambda _: lab.network("here", rules=slow)
        await WATCH(settings, *arguments)


if __name__ == "__main__":
    monitor.app.record = kept
    monitor.app.all_probes = lambda: {"website": replace(PROBES["website"], measure=begun)}
    monitor.app.App.stop = stopping
    monitor.cli.run._watch = watch
    monitor.cli.main(["--config", sys.argv[1], "--data-dir", sys.argv[2], "run", "--port", "0"])

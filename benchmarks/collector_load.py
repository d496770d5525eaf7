"""One collector under a fleet: rows accepted, time to the receipt, processor and memory, the load raised to a limit.

    python -m benchmarks.collector_load [--agents 100] [--targets 200] [--loads 1,2,4,8] [--seconds 60]

Load 1 is what `--agents` agents with `--targets` targets every five minutes deliver, a batch a minute each. Batches are
put together beforehand and sent when they are due, whether earlier ones were answered or not; what is due at an agent
whose last batch has no receipt yet waits, as the protocol wants it, and that wait counts. The collector runs in a
process of its own, with its reviews; the sender takes a share of the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.processes import cpu_seconds, memory
from tests.monitor.collector.house import Agent, Remote
from tests.monitor.store.engines import free_port

PERIOD = 300
"""Seconds between two visits of a target."""
BATCH_EVERY = 60
"""Seconds between two batches of an agent at load 1."""
PATH = "/agent/v1/batches"


@dataclass(slots=True)
class Level:
    """What one load came to."""

    load: float
    sent: int = 0
    rows: int = 0
    turned_away: int = 0
    receipts: list[float] = field(default_factory=list)
    """Seconds from when a batch was due to its receipt."""
    seconds: float = 0.0
    processor: float = 0.0
    """Seconds of the collector's processor time."""
    memory: int = 0
    """Most resident bytes so far."""

    def line(self) -> str:
        """The level as a row of the table."""
        waited = sorted(self.receipts) or [float("nan")]
        middle, last = waited[len(waited) // 2], waited[min(len(waited) - 1, int(0.99 * len(waited)))]
        return (
            f"| {self.load:g} | {self.sent / self.seconds:.2f} | {self.rows / self.seconds:.0f} | {self.turned_away} | "
            f"{middle * 1000:.0f} ms | {last * 1000:.0f} ms | {self.processor / self.seconds:.0%} | "
            f"{self.memory / 2**20:.0f} MiB |"
        )


HEAD = (
    "| load | batches/s due | rows/s accepted | asked to wait | receipt, median | p99 | processor | memory |\n"
    "|--:|--:|--:|--:|--:|--:|--:|--:|"
)


@dataclass(slots=True)
class Queue:
    """An agent and its batches, made beforehand: content, rows and when each is due (seconds of the level)."""

    agent: Agent
    batches: list[tuple[float, int, bytes]] = field(default_factory=list)


def targets(count: int) -> str:
    """A configuration with so many targets."""
    lines = [
        f"  - {{id: site-{number}, urls: [https://site-{number}.example/], category: media}}" for number in range(count)
    ]
    return "\n".join(["targets:", *lines, "schedule: {interval: 5m}", _DOOR])


_DOOR = "collector: {rate: 100000, address_rate: 1000000, waiting: 8}"


def enrolled(home: Remote, count: int) -> list[Agent]:
    """So many agents, each with a plan."""
    agents = []
    for number in range(count):
        agent = Agent(home)
        answer = agent.enrol(home.token(f"kg-{number}"))
        if answer.status_code != 200:
            raise SystemExit(f"enrolment: {answer.status_code} {answer.text}")
        agent.fetch()
        agents.append(agent)
    return agents


def prepared(agents: Sequence[Agent], sites: int, load: float, *, seconds: float, before: int) -> list[Queue]:
    """The batches of a level; `before` keeps the moments of its measurements apart from those of other levels."""
    every, rows = BATCH_EVERY / load, sites * BATCH_EVERY // PERIOD
    queues = []
    for place, agent in enumerate(agents):
        queue, due, number = Queue(agent), every * place / len(agents), 0
        while due < seconds:
            made = [
                agent.measured(before + number * rows + row, target=f"site-{(number * rows + row) % sites}")
                for row in range(rows)
            ]
            header, content = agent.sealed(made)
            agent.advance(header)
            queue.batches.append((due, rows, content))
            due, number = due + every, number + 1
        queues.append(queue)
    return queues


async def deliver(home: Remote, queues: Sequence[Queue], level: Level) -> None:
    """Send everything when it is due, and until it has a receipt."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{home.port}", limits=limits, timeout=120) as client:
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for queue in queues:
                group.create_task(_one(client, queue, level, began))


async def _one(client: httpx.AsyncClient, queue: Queue, level: Level, began: float) -> None:
    for due, rows, content in queue.batches:
        await asyncio.sleep(max(0.0, began + due - time.monotonic()))
        level.sent += 1
        while True:
            headers = queue.agent.headers("POST", PATH, content)
            answer = await client.post(PATH, content=content, headers=headers)
            if answer.status_code == 200:
                break
            if answer.status_code not in (429, 503):
                raise SystemExit(f"{answer.status_code}: {answer.text}")
            level.turned_away += 1
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
        level.rows += rows
        level.receipts.append(time.monotonic() - began - due)


def measure(home: Remote, agents: Sequence[Agent], sites: int, load: float, *, seconds: float, before: int) -> Level:
    """One level, from its first batch to its last receipt."""
    assert home.process is not None
    queues, pid, level = (
        prepared(agents, sites, load, seconds=seconds, before=before),
        home.process.pid,
        Level(load=load),
    )
    spent, began = cpu_seconds(pid), time.monotonic()
    asyncio.run(deliver(home, queues, level))
    level.seconds = time.monotonic() - began
    level.processor, level.memory = cpu_seconds(pid) - spent, memory(pid)["VmHWM"]
    return level


def main() -> int:
    """Run every load in turn, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--loads", default="1,2,4,8")
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    print(f"{given.agents} agents x {given.targets} targets every {PERIOD} s; {os.cpu_count()} cores\n\n{HEAD}")
    with tempfile.TemporaryDirectory(prefix="pc-load-") as folder:
        home = Remote(Path(folder), free_port())
        (home.folder / "targets.yaml").write_text(targets(given.targets))
        home.start()
        agents, before = enrolled(home, given.agents), 0
        for load in map(float, given.loads.split(",")):
            level = measure(home, agents, given.targets, load, seconds=given.seconds, before=before)
            before += 10_000
            print(level.line(), flush=True)
        home.end(signal.SIGTERM)
    return 0


if __name__ == "__main__":
    sys.exit(main())

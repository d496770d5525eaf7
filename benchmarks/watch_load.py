"""What watching much costs: memory for 1,000 targets, and lateness of 2,000 jobs: `python -m benchmarks.watch_load`.

Each part runs in a process of its own. Memory: a configuration of 1,000 targets is loaded, an App with its store is
opened on it, its schedule is started without measuring, and then each target gets one result that goes the whole way
to disk. Lateness: 2,000 orders with an interval of 20 s whose work is nothing but to look at the clock, in real time.
About a minute in all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.processes import cpu_seconds, memory
from benchmarks.rounds import Spread
from monitor.app import App
from monitor.config import load
from monitor.pipeline import record
from monitor.schedule import Order, Schedule, phase
from probes.model import (
    Answer,
    Body,
    DNSLookup,
    HTTPRoundTrip,
    Measurement,
    Step,
    Target,
    TCPConnect,
    TLSHandshake,
    VantagePoint,
)

_INTERVAL = timedelta(seconds=20)
_ROOT = Path(__file__).parents[1]
_HEAD = """vantage_points: [{id: here, country: KG, network: AS64500}]
schedule: {interval: 10m, concurrency: 8}
targets:
"""


def configuration(targets: int) -> str:
    """A targets.yaml with so many targets, each with a URL of its own.

    >>> configuration(1).splitlines()[-1]
    '- {id: site-0, name: "Site 0", urls: ["https://www.site-0.example/"]}'
    """
    line = '- {{id: site-{0}, name: "Site {0}", urls: ["https://www.site-{0}.example/"]}}\n'
    return _HEAD + "".join(map(line.format, range(targets)))


def measurement(target: str, url: str, started: datetime) -> Measurement:
    """What an undisturbed site leaves behind: a lookup, a connection, a handshake with three certificates, a page."""
    host = url.removeprefix("https://").strip("/")
    steps: tuple[Step, ...] = (
        DNSLookup(
            hop=0, engine="system", resolver="", name=host, query_type="A", started=0, duration=0.02, rcode=0,
            answers=(Answer(type="A", value="203.0.113.10", ttl=60),),
        ),
        TCPConnect(hop=0, address="203.0.113.10", port=443, started=0.02, duration=0.05),
        TLSHandshake(
            hop=0, address="203.0.113.10", port=443, server_name=host, started=0.07, duration=0.1, version="TLSv1.3",
            chain=tuple(random.Random(f"{host} {number}").randbytes(1200) for number in range(3)),
        ),
        HTTPRoundTrip(
            hop=0, url=url, address="203.0.113.10", port=443, started=0.17, duration=0.2, status=200,
            protocol="HTTP/1.1",
            headers=(("Content-Type", "text/html"), ("Server", "nginx")), body=Body(length=60_000, title="News"),
        ),
    )  # fmt: skip
    return Measurement(
        kind="availability",
        kind_version="1",
        target=target,
        url=url,
        vantage=VantagePoint(id="here", country="KG", network="AS64500"),
        started=started,
        duration=0.4,
        steps=steps,
    )


async def hold(targets: int, folder: Path) -> dict[str, float]:
    """Memory in MB at each stage with so many targets, and what storing one result of each takes."""
    found = {"imports": _resident()}
    (folder / "targets.yaml").write_text(configuration(targets))
    settings = load(folder / "targets.yaml")
    found["configuration"] = _resident()
    with App(settings, folder / "data") as app:
        found["app and store"] = _resident()
        resting = Schedule(app.schedule.orders, _nothing, concurrency=8)
        resting.start(app.clock(), _between)
        await asyncio.sleep(1)
        found["schedule"] = _resident()
        cpu, began = cpu_seconds(os.getpid()), time.monotonic()
        for order in resting.orders:
            record(measurement(order.target.id, order.target.urls[0], app.clock()), app.store, settings=app.pipeline)
        found["one result each"] = _resident()
        found["CPU s / 1,000 results stored"] = 1000 * (cpu_seconds(os.getpid()) - cpu) / targets
        found["s / 1,000 results stored"] = 1000 * (time.monotonic() - began) / targets
        await resting.stop()
    return found


async def run_late(jobs: int, seconds: float) -> dict[str, object]:
    """Seconds after their time at which so many jobs began, as a spread with its 99th percentile, and their CPU."""
    point = VantagePoint(id="here")
    orders = [
        Order(target=Target(id=f"site-{number}", urls=()), vantage=point, interval=_INTERVAL) for number in range(jobs)
    ]
    late: list[float] = []
    begun = datetime.now(UTC)

    async def look(order: Order) -> None:
        late.append(lateness(order, begun, datetime.now(UTC)))

    schedule = Schedule(orders, look, concurrency=8)
    schedule.start(begun, _between)
    await asyncio.sleep(_INTERVAL.total_seconds() / 2 - 1)  # the first round is over, the first jobs come in a second
    late.clear()
    cpu = cpu_seconds(os.getpid())
    await asyncio.sleep(seconds)
    cpu = cpu_seconds(os.getpid()) - cpu
    await schedule.stop()
    spread = Spread.of(late)
    return {
        "runs": len(late),
        "ms late": (Spread(least=spread.least * 1e3, median=spread.median * 1e3, most=spread.most * 1e3)).show(1),
        "ms late, 99 of 100": round(sorted(late)[int(0.99 * len(late))] * 1e3, 1),
        "missed": schedule.tally.missed,
        "overlapped": schedule.tally.overlapped,
        "CPU s / 1,000 jobs": round(1000 * cpu / len(late), 3),
    }


def lateness(order: Order, begun: datetime, now: datetime) -> float:
    """Seconds since the newest time at which this order was due; it first is half an interval and its phase on."""
    since_first = now - begun - order.interval * (0.5 + phase(order.id))
    return (since_first % order.interval).total_seconds()


async def _nothing(_: Order) -> None:
    pass


async def _between() -> None:
    pass


def _resident() -> float:
    return round(memory(os.getpid())["VmRSS"] / 1e6, 1)


def _in_a_process(*arguments: str) -> dict[str, object]:
    command = [sys.executable, "-m", "benchmarks.watch_load", *arguments]
    done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main() -> None:
    """Run both parts and print them as Markdown."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--targets", type=int, default=1000, help="for the memory (1000)")
    arguments.add_argument("--jobs", type=int, default=2000, help="for the lateness (2000)")
    arguments.add_argument("--seconds", type=float, default=30.0, help="of looking at the jobs (30)")
    arguments.add_argument("--part", choices=("hold", "late"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.part == "hold":
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(asyncio.run(hold(given.targets, Path(folder)))))
    elif given.part == "late":
        print(json.dumps(asyncio.run(run_late(given.jobs, given.seconds))))
    else:
        for part, title in (("hold", f"{given.targets} targets (memory in MB, RSS)"), ("late", f"{given.jobs} jobs")):
            sizes = ("--targets", str(given.targets), "--jobs", str(given.jobs), "--seconds", str(given.seconds))
            found = _in_a_process("--part", part, *sizes)
            print(f"\n| {title} | |\n| --- | --- |")
            for name, value in found.items():
                print(f"| {name} | {value:g} |" if isinstance(value, float) else f"| {name} | {value} |")


if __name__ == "__main__":
    main()

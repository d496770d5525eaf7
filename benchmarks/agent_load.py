"""What an agent costs: `python -m benchmarks.agent_load`.

Memory: an agent in a process of its own visits 200 https sites with pages of 60 kB in turn, without its collector at
first, so that a backlog grows; then the collector comes back and takes it all. The peak of the process's resident
memory is read at both moments. Week: 200 targets every ten minutes for seven days without uplink, by a clock that is
set: what the spool takes, how long it takes to keep one measurement, and how long to deliver them all. About eight
minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path

from benchmarks.stage import page
from monitor.agent.clock import Comparison, Moment
from monitor.agent.enrolment import agreed
from monitor.agent.folder import AgentFolder, Membership
from monitor.agent.spool import Spool
from monitor.agent.status import status_of
from monitor.sshsig import PublicKey, SigningKey
from monitor.wire import Batch, Letter, Plan, Receipt
from probes.document import rfc3339
from probes.kinds.website import PROBE
from probes.model import Limits, Measurement, Target, Task, VantagePoint
from probes.testing import Internet, Loopback, Response, Route, Site

POINT = VantagePoint(id="bench", country="KG", network="AS64500", kind="agent")
COLLECTOR = SigningKey.generate()


def internet(number: int) -> Internet:
    """So many sites, each with a large front page of its own address."""
    front = Route(response=Response(body=page()))
    return Internet(
        sites=tuple(
            Site(
                names=(f"site{each}.example",),
                addresses=(f"93.184.{each // 200 + 1}.{each % 200 + 1}",),
                routes=(front,),
            )
            for each in range(number)
        )
    )


def plan_of(number: int, interval: float) -> Plan:
    """A plan that visits all of them."""
    targets = tuple(
        Target(id=f"site{each}", urls=(f"https://site{each}.example/",), category="media") for each in range(number)
    )
    return Plan(
        serial=1,
        made=rfc3339(datetime.now(UTC)),
        vantage=POINT,
        risk=1,
        targets=targets,
        interval=interval,
        limits=Limits(dns_linger=0.05),
    )


class Taker(http.server.BaseHTTPRequestHandler):
    """A collector that takes whatever is signed, when it is `up`."""

    protocol_version = "HTTP/1.1"
    key: PublicKey
    up = False
    taken = 0

    def do_GET(self) -> None:
        """The plan has not changed."""
        self._answer(304 if Taker.up else 503, b"")

    def do_POST(self) -> None:
        """A receipt."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not Taker.up:
            self._answer(503, b"")
            return
        batch = Batch.read(body, Taker.key)
        Taker.taken += len(batch.documents)
        told = Receipt(
            key=Taker.key.fingerprint,
            sequence=batch.header.sequence,
            batch=batch.header.sha256,
            received=rfc3339(datetime.now(UTC)),
            accepted=len(batch.documents),
        )
        self._answer(200, Letter.sign(told, COLLECTOR, "receipt@presscanary").content)

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Date", formatdate(usegmt=True))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def joined(path: Path, plan: Plan, address: str) -> AgentFolder:
    """An enrolled agent's folder."""
    folder = AgentFolder(path)
    folder.prepare()
    key = folder.new_key()
    letter = Letter.sign(plan, COLLECTOR, "plan@presscanary")
    folder.keep_plan(letter)
    folder.keep_consent(agreed(plan, letter.sha256, key, language="en", now=datetime.now(UTC), software="bench"))
    folder.join(Membership(collectors=(address,), collector=COLLECTOR.public.line, vantage=POINT.id))
    Taker.key = key.public
    return folder


def peak(process: int) -> float:
    """The most resident memory that a process had, in MB (VmHWM)."""
    line = next(each for each in Path(f"/proc/{process}/status").read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


async def memory(targets: int, seconds: float, folder: Path) -> None:
    """Print the peaks of an agent with a growing backlog, and of one that delivers it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    agent = joined(folder / "agent", plan_of(targets, 10.0), f"http://127.0.0.1:{server.server_port}")
    made = internet(targets)
    async with Loopback(made) as lab:
        view = lab.network("home")
        wanted = [(site.addresses[0], port, "tcp") for site in made.sites for port in (80, 443)]
        wanted += [(address, 53, kind) for address in (view.resolver[0], "9.9.9.9") for kind in ("udp", "tcp")]
        wanted.append(("8.8.8.8", 443, "tcp"))
        endpoints = {}
        for address, port, transport in wanted:
            opened, endpoint = view.open(address, port, transport)
            opened.close()
            endpoints[f"{address} {port} {transport}"] = endpoint
        described = folder / "network.json"
        described.write_text(
            json.dumps(
                {"endpoints": endpoints, "roots": [each.hex() for each in view.roots], "resolver": view.resolver}
            )
        )
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.agent_child", str(agent.path), str(described), stdin=subprocess.PIPE
        )
        await asyncio.sleep(seconds)
        waiting = _waiting(agent)
        first = peak(child.pid)
        Taker.up = True
        deadline = time.monotonic() + 180
        while _waiting(agent) > targets // 4 and time.monotonic() < deadline:  # noqa: ASYNC110 - another process
            await asyncio.sleep(1)
        second = peak(child.pid)
        assert child.stdin is not None
        child.stdin.close()
        await child.wait()
    server.shutdown()
    print(
        f"memory, {targets} targets: peak {first:.1f} MB with {waiting:,} waiting, "
        f"{second:.1f} MB after {Taker.taken:,} delivered"
    )


def _waiting(agent: AgentFolder) -> int:
    return status_of(agent).waiting


async def _models(number: int) -> list[Measurement]:
    """One visit of each of a few sites, measured for real."""
    made = internet(number)
    async with Loopback(made) as lab:
        network = lab.network("home")
        targets = plan_of(number, 600.0).targets
        tasks = [Task(target=each, url=each.urls[0], vantage=POINT) for each in targets]
        return [await PROBE.measure(each, network, lambda: datetime.now(UTC)) for each in tasks]


def week(targets: int, days: int, folder: Path) -> None:
    """Print what a week without uplink takes."""
    models = asyncio.run(_models(20))
    key, start = SigningKey.generate(), datetime(2026, 11, 17, tzinfo=UTC)
    spool = Spool(folder / "spool.db", limit=1024**3)
    began, kept = time.process_time(), 0
    for step in range(days * 144):
        for target in range(targets):
            seconds = step * 600 + target * 600 / targets
            model = models[target % len(models)]
            started = start + timedelta(seconds=seconds)
            late, longer = step % 7 / 1000, (step * 31 + target) % 97 / 1e6
            steps = tuple(
                replace(each, started=each.started + late, duration=each.duration + longer) for each in model.steps
            )
            url = f"https://site{target}.example/"
            made = replace(model, target=f"site{target}", url=url, started=started, steps=steps)
            spool.append(made, Moment(boot="b", steady=seconds, wall=started), "ab" * 32)
            kept += 1
    keeping = time.process_time() - began
    size = spool.backlog().bytes
    end = start + timedelta(days=days)
    spool.compare(Comparison(boot="b", steady=days * 86400.0, collector=end.timestamp(), within=0.5))
    began, sent, batches = time.process_time(), 0, 0
    now = Moment(boot="b", steady=days * 86400.0, wall=end)
    delivered = 0
    while (sealed := spool.seal(key, now, software="bench", plan="ab" * 32)) is not None:
        sent, batches, delivered = sent + len(sealed.content), batches + 1, delivered + sealed.count
        spool.acknowledge(sealed, accepted=sealed.count, refused=0)
    sending = time.process_time() - began
    assert delivered == kept
    print(
        f"week, {targets} targets every 10 minutes for {days} days: {kept:,} measurements, {size / 1e6:.0f} MB of disk "
        f"({size / kept:.0f} bytes each), {keeping / kept * 1000:.2f} ms CPU to keep one; delivered in {batches:,} "
        f"batches, {sent / 1e6:.0f} MB, {sending:.0f} s CPU; all {delivered:,} there"
    )
    spool.close()


def main() -> None:
    """Run both parts and print a line each."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--targets", type=int, default=200)
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--days", type=int, default=7)
    arguments.add_argument("--only", choices=("memory", "week"))
    asked = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="agent-load-"))
    try:
        if asked.only != "week":
            asyncio.run(memory(asked.targets, asked.seconds, folder))
        if asked.only != "memory":
            week(asked.targets, asked.days, folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    main()

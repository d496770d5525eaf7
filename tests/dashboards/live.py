"""The demo, a Prometheus that scrapes it, an Alertmanager that it tells, and a webhook that hears: all on loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import yaml

from monitor.fleet import FolderDatabase, Member, Status, Token, batches, tokens
from monitor.fleet.batches import Arrived, Delivered
from monitor.metrics.dashboards import files
from monitor.metrics.stack import ADDRESS, ALERTMANAGER, WEBHOOK
from tests.monitor.store.engines import free_port

PROGRAMS = ("prometheus", "promtool", "prometheus-alertmanager", "amtool")
REQUIRED = "PRESSCANARY_REQUIRE_SERVERS"
PATIENCE = 300
"""Seconds until somebody gives up; nothing is judged by how long it took."""
T = TypeVar("T")


@dataclass(kw_only=True)
class Live:
    """What runs, and how it is asked."""

    prometheus: str
    demo: str
    folder: Path
    server: subprocess.Popen[bytes]
    """The Prometheus."""
    heard: list[Mapping[str, Any]] = field(default_factory=list)
    """What the webhook was sent, in its order."""

    def values(self, query: str) -> list[Mapping[str, Any]]:
        """The result of a query now, whatever a reader of the dashboard chose; AssertionError where it is refused."""
        filled = re.sub(r"\$(?!__)\w+", ".+", query).replace("$__rate_interval", "20s")
        found = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": filled}, timeout=30)
        assert found.status_code == 200, (filled, found.text)
        result: list[Mapping[str, Any]] = found.json()["data"]["result"]
        return result

    def scrape(self, job: Mapping[str, Any]) -> None:
        """Have Prometheus scrape something else as well."""
        file = self.folder / "prometheus.yml"
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        config["scrape_configs"].append(job)
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        self.server.send_signal(signal.SIGHUP)

    def unanswered(self, queries: Mapping[str, str]) -> dict[str, str]:
        """Those that have never given data although one waited; a fact of the demo may come late, or go again."""
        left = dict(queries)

        def ask() -> bool:
            for name, query in list(left.items()):
                if self.values(query):
                    del left[name]
            return not left

        until(ask)
        return left


def until(asked: Callable[[], T]) -> T:
    """What was asked as soon as it is something, else what it was in the end."""
    end = time.monotonic() + PATIENCE
    while not (found := asked()) and time.monotonic() < end:
        time.sleep(1)
    return found


@contextmanager
def live(folder: Path) -> Iterator[Live]:
    """Start everything, and end it again; skipped where a program is missing, unless `REQUIRED` is 1."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing and os.environ.get(REQUIRED) != "1":
        pytest.skip(f"not installed: {', '.join(missing)} (Debian: prometheus, prometheus-alertmanager)")
    ports = {ADDRESS: free_port(), ALERTMANAGER: free_port()}
    own = free_port()
    with ExitStack() as stack:
        heard: list[Mapping[str, Any]] = []
        hook = stack.enter_context(_webhook(heard))
        places = {place: f"127.0.0.1:{port}" for place, port in ports.items()} | {WEBHOOK: f"http://127.0.0.1:{hook}/"}
        for name in ("prometheus/prometheus.yml", "prometheus/presscanary.rules.yml", "alertmanager/alertmanager.yml"):
            (folder / Path(name).name).write_text(_hurried(files()[name], places))
        played_fleet(folder / "data")
        data = ["--data-dir", str(folder / "data")]
        demo = ["demo", "--port", str(ports[ADDRESS]), "--keep", "--json"]
        stack.enter_context(running([sys.executable, "-m", "monitor", *data, *demo], folder / "demo.log"))
        stack.enter_context(
            running(
                [
                    "prometheus-alertmanager",
                    f"--config.file={folder}/alertmanager.yml",
                    f"--storage.path={folder}/notices",
                    f"--web.listen-address={places[ALERTMANAGER]}",
                    "--cluster.listen-address=",
                ],
                folder / "alertmanager.log",
            )
        )
        server = stack.enter_context(
            running(
                [
                    "prometheus",
                    f"--config.file={folder}/prometheus.yml",
                    f"--storage.tsdb.path={folder}/series",
                    f"--web.listen-address=127.0.0.1:{own}",
                ],
                folder / "prometheus.log",
            )
        )
        made = Live(
            prometheus=f"http://127.0.0.1:{own}",
            demo=f"http://{places[ADDRESS]}",
            folder=folder,
            server=server,
            heard=heard,
        )
        until(lambda: _answers(f"{made.prometheus}/-/ready"))
        yield made


def played_fleet(folder: Path) -> None:
    """A vantage point of somebody else's, who has delivered once and keeps seven measurements."""
    fleet, now = FolderDatabase(folder), datetime.now(UTC)
    token = Token(
        vantage="kg-1", country="KG", network="AS12997", role="vantage", approved=True, made=now,
        expires=now + timedelta(days=1),
    )  # fmt: skip
    told = {"country": "", "network": "AS0", "role": "", "status": Status.PENDING, "consent": "{}", "risk": 1}
    member = Member(key="SHA256:one", public="ssh-ed25519 AAAA", vantage="", enrolled=now, consented="", **told)
    tokens.enrol(fleet, tokens.issue(fleet, token, actor="test"), member, now=now)
    arrived = Arrived(key=member.key, sequence=1, sha256="h", previous="", letter=b"letter", network="AS12997")
    kept = batches.begin(fleet, arrived, now=now)
    delivered = Delivered(accepted=3, refused=0, dropped=1, waiting=7, offset=0.1, software="test", newest=now)
    batches.finish(fleet, kept, b"receipt", delivered, now=now)
    fleet.close()


def _hurried(text: str, places: Mapping[str, str]) -> str:
    """A shipped file with the places of this test, and its patience of half a minute cut to two seconds."""
    for place, here in places.items():
        text = text.replace(place, here)
    return re.sub(r"(scrape_interval|evaluation_interval|interval|group_wait|group_interval): \d+[sm]", r"\1: 2s", text)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that is asked to end afterwards; what it says goes to a file."""
    with log.open("wb") as written:
        started = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT)
        try:
            yield started
        finally:
            started.send_signal(signal.SIGTERM)
            try:
                started.wait(60)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


@contextmanager
def _webhook(heard: list[Mapping[str, Any]]) -> Iterator[int]:
    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

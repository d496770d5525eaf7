"""A collector in a folder, asked in process, and agents that speak to it: honest ones, and others."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from monitor.cli.collector.wired import Wired, wired
from monitor.collector import create_app
from monitor.config import load
from monitor.fleet import FolderDatabase, Token, tokens
from monitor.sshsig import PublicKey, SigningKey
from monitor.wire import ClockReading, Consent, Header, Letter, Plan, Receipt, compose
from monitor.wire import consent as consents
from monitor.wire import plan as plans
from monitor.wire import receipt as receipts
from monitor.wire.request import sign
from probes.document import canonical, document, rfc3339
from probes.model import Measurement, Step
from tests.scenes import SITE, connected, fetched, leaf, looked, shook

ADDRESS = "198.51.100.77"
"""The agents' address: it must never be found anywhere."""
TARGETS = """
targets:
  - id: kloop
    urls: [https://kloop.kg/]
    category: media
  - id: azattyk
    urls: [https://www.azattyk.org/]
    category: media
  - id: islam
    urls: [https://islam.example/]
    category: religion
  - id: example
    urls: [https://example.com/]
    innocuous: true
    category: media
schedule: {interval: 5m}
collector: {rate: 10000, address_rate: 100000}
"""


@dataclass(slots=True)
class Watch:
    """A clock that stands until it is set."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class House:
    """A running collector and its folder."""

    folder: Path
    made: Wired
    watch: Watch
    client: httpx.AsyncClient

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request, answered."""
        return asyncio.run(self.asked(method, path, **more))

    async def asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The same inside of a running loop."""
        return await self.client.request(method, path, **more)

    def token(self, vantage: str = "kg-1", **told: Any) -> str:
        """An invitation."""
        now = self.watch.now
        given = {"country": "KG", "network": "AS12997", "role": "vantage", "approved": True, "made": now}
        token = Token(vantage=vantage, **given | {"expires": now + timedelta(days=7)} | told)
        return tokens.issue(self.made.desk.fleet, token, actor="test")

    def agent(self, vantage: str = "kg-1", *, vetoed: Sequence[str] = (), **told: Any) -> Agent:
        """Somebody who is enrolled."""
        agent = Agent(self)
        answer = agent.enrol(self.token(vantage, **told), vetoed=vetoed)
        assert answer.status_code == 200, answer.text
        agent.fetch()
        return agent


@dataclass(slots=True)
class Remote:
    """A collector in a process of its own: started, killed and started again on the same folder and port."""

    folder: Path
    port: int
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))
    process: subprocess.Popen[str] | None = None
    on_servers: bool = False

    @property
    def watch(self) -> Remote:
        """Itself: the clock is everybody's."""
        return self

    @property
    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)

    def start(self, *more: str) -> None:
        """Start it, and return when it answers."""
        data = [] if self.on_servers else ["--data-dir", str(self.folder / "data")]  # which leaves the servers out
        here = ["--config", str(self.folder / "targets.yaml"), *data]
        command = [sys.executable, "-m", "monitor", *here, "collector", "run", "--port", str(self.port), *more]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, text=True)
        while self.process.poll() is None:
            with suppress(httpx.HTTPError):
                self.client.get(f"http://127.0.0.1:{self.port}/healthz")
                return
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text())

    def end(self, number: int) -> int:
        """Send a signal, and return its exit code; only one that is killed is asked again."""
        assert self.process is not None
        if number != signal.SIGKILL:
            self.client.close()
        self.process.send_signal(number)
        return self.process.wait(60)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request, answered; httpx.HTTPError where it is away."""
        return self.client.request(method, f"http://127.0.0.1:{self.port}{path}", **more)

    def token(self, vantage: str = "kg-1") -> str:
        """An invitation, made beside the running collector."""
        fleet = FolderDatabase(self.folder / "data")
        told = {"country": "KG", "network": "AS12997", "role": "vantage", "approved": True}
        token = Token(vantage=vantage, **told, made=self.now, expires=self.now + timedelta(days=1))
        secret = tokens.issue(fleet, token, actor="test")
        fleet.close()
        return secret


@contextmanager
def house(folder: Path, *, text: str = TARGETS, network_of: Any = None, app: Any = None) -> Iterator[House]:
    """A collector on a data folder below `folder`, with a clock that stands."""
    folder.mkdir(exist_ok=True)
    file = folder / "targets.yaml"
    file.write_text(text)
    watch = Watch(datetime.now(UTC).replace(microsecond=0))
    with wired(folder / "data", load(file), reviews=True) as made:
        made.desk.clock = watch
        door = create_app(made.desk, network_of=network_of or made.network_of)
        transport = httpx.ASGITransport(app=door, client=(ADDRESS, 40404))
        yield House(
            folder=folder,
            made=made,
            watch=watch,
            client=httpx.AsyncClient(transport=transport, base_url="http://collector.test"),
        )


@dataclass(slots=True)
class Agent:
    """A vantage point's side of the protocol, as docs/reference/agent-protocol.md tells it."""

    house: Any
    """A House or a Remote: where to ask, and what time it is."""
    key: SigningKey = field(default_factory=SigningKey.generate)
    collector: PublicKey | None = None
    plan: Plan | None = None
    plan_hash: str = ""
    sequence: int = 0
    previous: str = ""

    def enrol(self, token: str, *, vetoed: Sequence[str] = (), **changed: Any) -> httpx.Response:
        """Take the offer and agree to it."""
        offer = self.house.ask("POST", "/agent/v1/offer", json={"token": token})
        if offer.status_code != 200:
            return offer
        self.collector = PublicKey.read(offer.json()["collector"])
        self.take(Letter(**offer.json()["plan"]))
        body = json.dumps({"token": token, "consent": self.consent(vetoed=vetoed, **changed)}).encode()
        return self.ask("POST", "/agent/v1/enrol", body)

    def consent(self, **changed: Any) -> dict[str, Any]:
        """A consent letter to the plan at hand, as JSON."""
        letter = Letter.sign(self.agreement(**changed), self.key, consents.NAMESPACE)
        return {"document": letter.document, "signature": letter.signature}

    def agreement(self, *, vetoed: Sequence[str] = (), **changed: Any) -> Consent:
        """What is agreed to."""
        now = rfc3339(self.house.watch.now)
        agreed = Consent(
            key=self.key.public.line, time=now, risk=1, language="en", plan=self.plan_hash, categories=("media",),
            vetoed_targets=tuple(vetoed), software="presscanary 0.1.0",
        )  # fmt: skip
        return replace(agreed, **changed)

    def take(self, letter: Letter) -> None:
        """Believe a plan, if the collector signed it."""
        assert self.collector is not None
        self.plan, self.plan_hash = letter.opened(Plan, self.collector, plans.NAMESPACE), letter.sha256

    def fetch(self, **more: Any) -> httpx.Response:
        """Ask for the plan in force."""
        answer = self.ask("GET", "/agent/v1/plan", **more)
        if answer.status_code == 200:
            self.take(Letter.read(answer.content))
        return answer

    def headers(
        self, method: str, path: str, body: bytes, *, now: datetime | None = None, nonce: str | None = None
    ) -> dict[str, str]:
        """The headers of a signed request."""
        moment = now or self.house.watch.now
        return sign(self.key, method, path, body, now=moment, nonce=nonce or secrets.token_urlsafe(16))

    def ask(self, method: str, path: str, body: bytes = b"", **more: Any) -> httpx.Response:
        """A signed request."""
        headers = self.headers(method, path, body, now=more.pop("now", None), nonce=more.pop("nonce", None))
        return self.house.ask(method, path, content=body, headers=headers | more.pop("headers", {}), **more)

    def measured(
        self, number: int = 0, *, target: str = "kloop", failure: str | None = None, **changed: Any
    ) -> Measurement:
        """A visit of a target so many seconds ago."""
        assert self.plan is not None
        site = next(each for each in self.plan.targets if each.id == target)
        host = site.urls[0].split("/")[2]
        made = Measurement(
            kind="website",
            kind_version="1",
            target=target,
            url=site.urls[0],
            vantage=self.plan.vantage,
            started=self.house.watch.now - timedelta(seconds=number),
            duration=1.5,
            steps=visit(site.urls[0], host, failure),
            innocuous=site.innocuous,
            software="presscanary 0.1.0",
        )
        return replace(made, **changed)

    def sealed(self, measurements: Sequence[Any], **changed: Any) -> tuple[Header, bytes]:
        """The next batch, and its header; things that are no measurements go in as they are."""
        lines = [each if isinstance(each, bytes) else canonical(document(each)) for each in measurements]
        header = Header(
            key=self.key.public.fingerprint,
            sequence=self.sequence + 1,
            previous=self.previous,
            made=rfc3339(self.house.watch.now),
            software="presscanary 0.1.0",
            plan=self.plan_hash,
            measurements=tuple(hashlib.sha256(line).hexdigest() for line in lines),
            clock=ClockReading(offset=0.2, within=0.5),
        )
        header = replace(header, **changed)
        return header, compose(header, lines, self.key)

    def send(self, measurements: Sequence[Any], **changed: Any) -> httpx.Response:
        """Deliver a batch; one that has a receipt is the newest from then on."""
        header, content = self.sealed(measurements, **changed)
        answer = self.post(content)
        if answer.status_code == 200:
            self.advance(header)
        return answer

    def advance(self, header: Header) -> None:
        """Go on after a batch that was acknowledged."""
        self.sequence, self.previous = header.sequence, header.sha256

    def post(self, content: bytes, **more: Any) -> httpx.Response:
        """Send bytes where batches go."""
        return self.ask("POST", "/agent/v1/batches", content, **more)

    def receipt(self, answer: httpx.Response) -> Receipt:
        """The receipt in an answer, if the collector signed it."""
        assert answer.status_code == 200, answer.text
        assert self.collector is not None
        return Letter.read(answer.content).opened(Receipt, self.collector, receipts.NAMESPACE)


def visit(url: str, host: str, failure: str | None) -> tuple[Step, ...]:
    """The steps of a visit that works, or whose handshake (in the clear: whose answer) fails."""
    begun = looked([SITE], name=host), looked([SITE], engine="doh", name=host)
    if url.startswith("http:"):
        return *begun, connected(port=80), fetched(url, failure=failure, **({"status": None} if failure else {}))
    if failure:
        return *begun, connected(SITE), shook(name=host, failure=failure)
    chain = [leaf(host, issuer="Real CA")]
    return *begun, connected(SITE), shook(name=host, chain=chain), fetched(url)

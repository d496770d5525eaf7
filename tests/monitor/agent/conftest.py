"""A collector in the process, strict about the protocol, that can be unreachable, lose its answers, or refuse."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

import probes.own
from monitor.agent.clock import Moment
from monitor.agent.enrolment import agreed
from monitor.agent.folder import AgentFolder, Membership
from monitor.sshsig import PublicKey, SigningKey
from monitor.wire import Batch, Consent, Letter, Plan, Receipt, Signed, WireError
from probes.document import document, measurement_from, rfc3339
from probes.model import Limits, Measurement, Target, VantagePoint

START = datetime(2026, 11, 24, 12, tzinfo=UTC)

TARGETS = (
    Target(id="kloop", urls=("https://kloop.example/",), category="media", sensitive=True),
    Target(id="kaktus", urls=("https://kaktus.example/",), category="media"),
    Target(id="temple", urls=("https://temple.example/",), category="religion"),
    Target(id="library", urls=("https://library.example/",), category="innocuous", innocuous=True),
)


def plan(*, serial: int = 1, targets: Sequence[Target] = TARGETS, risk: int = 1, **more: object) -> Plan:
    """A plan for kg-7."""
    more.setdefault("limits", Limits(dns_linger=0.05))
    point = VantagePoint(id="kg-7", country="KG", network="AS64500", kind="agent")
    return Plan(serial=serial, made=rfc3339(START), vantage=point, risk=risk, targets=tuple(targets), **more)


class Clocks:
    """Both clocks of a machine, set by hand; `wrong` is how far the wall clock is ahead of the truth."""

    def __init__(self, wrong: float = 0.0) -> None:
        self.boot, self.steady, self.wrong = "boot-1", 1000.0, wrong

    @property
    def truth(self) -> datetime:
        """The right time."""
        return START + timedelta(seconds=self.steady - 1000.0)

    def __call__(self) -> Moment:
        return Moment(boot=self.boot, steady=self.steady, wall=self.truth + timedelta(seconds=self.wrong))


@dataclass
class FakeCollector:
    """Answers as docs/reference/agent-protocol.md says; `requests` are the paths that were asked."""

    clock: Callable[[], datetime]
    plan: Plan = field(default_factory=plan)
    key: SigningKey = field(default_factory=SigningKey.generate)
    token: str = "token-1"
    requests: list[str] = field(default_factory=list)
    headers: list[Batch] = field(default_factory=list)
    documents: list[bytes] = field(default_factory=list)
    receipts: dict[str, bytes] = field(default_factory=dict)
    consents: list[Consent] = field(default_factory=list)
    known: PublicKey | None = None
    up: bool = True
    lose_answers: int = 0
    """So many answers to batches are lost after they were kept."""
    refuse: httpx.Response | None = None
    gone: bool = False
    nonces: set[str] = field(default_factory=set)
    outer: str = "185.66.77.88"

    @property
    def transport(self) -> httpx.MockTransport:
        """What an agent asks through."""
        return httpx.MockTransport(self)

    @property
    def measurements(self) -> list[Measurement]:
        """What arrived, read."""
        return [measurement_from(json.loads(each)) for each in self.documents]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, await request.aread()
        self.requests.append(path)
        if not self.up:
            raise httpx.ConnectError("no route")
        answer = self.refuse or self._answer(request, path, body)
        headers = {**answer.headers, "Date": format_datetime(self.clock(), usegmt=True), "Your-Address": self.outer}
        return httpx.Response(answer.status_code, headers=headers, stream=httpx.ByteStream(answer.content))

    def _answer(self, request: httpx.Request, path: str, body: bytes) -> httpx.Response:
        if path == "/agent/v1/offer":
            return self._offer(json.loads(body))
        if path == "/agent/v1/enrol":
            self.known = PublicKey.read(json.loads(body)["consent"]["document"]["key"])
        try:
            signed = Signed.read(request.headers)
            assert self.known is not None
            signed.check(self.known, request.method, path, body, self.clock())
        except WireError as fault:
            return problem(401, fault.code)
        if signed.nonce in self.nonces:
            return problem(401, "signature")
        self.nonces.add(signed.nonce)
        match path:
            case "/agent/v1/enrol":
                return self._enrol(json.loads(body))
            case "/agent/v1/plan":
                return self._plan(request)
            case "/agent/v1/consent":
                self._consented(Letter.read(body))
                return httpx.Response(204)
            case "/agent/v1/batches":
                return self._batch(body)
            case "/agent/v1/farewell":
                self.gone = True
                return httpx.Response(204)
        return problem(404, "unknown")

    @property
    def _letter(self) -> Letter:
        return Letter.sign(self.plan, self.key, "plan@presscanary")

    def _offer(self, told: dict[str, str]) -> httpx.Response:
        if told != {"token": self.token}:
            return problem(403, "token")
        return httpx.Response(200, json={"collector": self.key.public.line, "plan": json.loads(self._letter.content)})

    def _enrol(self, told: dict[str, object]) -> httpx.Response:
        if told["token"] != self.token:
            return problem(403, "token")
        self._consented(Letter.read(json.dumps(told["consent"]).encode()))
        return httpx.Response(200, json={"vantage": self.plan.vantage.id})

    def _consented(self, letter: Letter) -> None:
        assert self.known is not None
        self.consents.append(letter.opened(Consent, self.known, "consent@presscanary"))

    def _plan(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("If-None-Match") == f'"{self._letter.sha256}"':
            return httpx.Response(304)
        return httpx.Response(200, content=self._letter.content)

    def _batch(self, body: bytes) -> httpx.Response:
        assert self.known is not None
        batch = Batch.read(body, self.known)
        last = self.headers[-1].header if self.headers else None
        expected, previous = (1, "") if last is None else (last.sequence + 1, last.sha256)
        if batch.header.sha256 not in self.receipts:
            if (batch.header.sequence, batch.header.previous) != (expected, previous):
                return problem(409, "sequence", expected=expected, previous=previous)
            self.headers.append(batch)
            self.documents += batch.documents
            receipt = Receipt(
                key=self.known.fingerprint,
                sequence=batch.header.sequence,
                batch=batch.header.sha256,
                received=rfc3339(self.clock()),
                accepted=len(batch.documents),
            )
            self.receipts[batch.header.sha256] = Letter.sign(receipt, self.key, "receipt@presscanary").content
        if self.lose_answers:
            self.lose_answers -= 1
            raise httpx.ReadError("the answer is lost")
        return httpx.Response(200, content=self.receipts[batch.header.sha256])


def problem(status: int, code: str, **more: object) -> httpx.Response:
    """A refusal; Retry-After stands in `more` as `wait`."""
    headers = {"Retry-After": str(more.pop("wait"))} if "wait" in more else {}
    return httpx.Response(status, json={"code": code, "status": status, **more}, headers=headers)


@pytest.fixture
def clocks() -> Clocks:
    """The machine's clocks."""
    return Clocks()


@pytest.fixture
def collector(clocks: Clocks) -> FakeCollector:
    """A collector whose clock is right."""
    return FakeCollector(clock=lambda: clocks.truth)


@pytest.fixture
def folder(tmp_path: Path, collector: FakeCollector) -> AgentFolder:
    """The folder of an agent that is enrolled, and whose operator left out nothing but what is left out by itself."""
    return joined(tmp_path / "agent", collector)


def joined(path: Path, collector: FakeCollector, **options: object) -> AgentFolder:
    """An enrolled agent's folder."""
    made = AgentFolder(path)
    made.prepare()
    key = made.new_key()
    letter = Letter.sign(collector.plan, collector.key, "plan@presscanary")
    made.keep_plan(letter)
    made.keep_consent(agreed(collector.plan, letter.sha256, key, language="en", now=START, software="test", **options))
    made.join(Membership(collectors=("https://c.example",), collector=collector.key.public.line, vantage="kg-7"))
    collector.known = key.public
    return made


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """What one test's machine knows of itself is unknown to the next."""
    yield
    probes.own.remember()


def told(measurement: Measurement) -> str:
    """A measurement as text, to search in."""
    return json.dumps(document(measurement), ensure_ascii=False)

"""A small store in a temporary folder, and a browser without a window: what the pages' tests stand on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.config.settings import Milestone
from monitor.metrics import Runtime
from monitor.model import (
    BlockingEvent,
    Cell,
    Claim,
    Health,
    Locus,
    NetworkSpan,
    Outcome,
    Source,
    State,
    Tier,
    Timings,
    VantageStatus,
    Verdict,
)
from monitor.store import Store, open_store
from monitor.web import PageSettings, create_app
from probes.document import measurement_id
from probes.model import Body, DNSLookup, HTTPRoundTrip, Measurement, Role, Step, Target, TLSHandshake, VantagePoint

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HERE = VantagePoint(id="here", country="KG", network="AS64500")
CONTROL = VantagePoint(id="control", country="DE", network="AS64501", role=Role.CONTROL)
KLOOP = Target(id="kloop", name="Kloop", urls=("https://kloop.kg/",), category="media")
OTHER = Target(id="other", name="Other", urls=("https://other.example/",))
EXAMPLE = Target(id="example", urls=("https://www.example.com/",), innocuous=True)


@dataclass
class Place:
    """A data folder, the settings, and what a browser gets from the pages over them."""

    folder: Path
    settings: PageSettings
    now: datetime = NOW
    runtime: Runtime = field(default_factory=lambda: Runtime(version="0.1.0"))
    open_reader: Callable[[], Store] | None = None

    def write(self, put: Callable[[Store], Any]) -> None:
        """Put something into the store."""
        with open_store(self.folder) as store:
            put(store)

    def measure(
        self,
        state: State = State.OK,
        *,
        target: Target = KLOOP,
        url: str | None = None,
        vantage: VantagePoint = HERE,
        ago: timedelta = timedelta(minutes=5),
        steps: tuple[Step, ...] = (),
        **verdict: Any,
    ) -> str:
        """Store one measurement with its verdict; its id."""
        made = Measurement(
            kind="website",
            kind_version="1",
            target=target.id,
            url=url or target.urls[0],
            vantage=vantage,
            started=self.now - ago,
            duration=0.9,
            steps=steps,
            innocuous=target.innocuous,
        )
        found = measurement_id(made)
        self.write(lambda store: store.append(made, _outcome(made, found, state, verdict)))
        return found

    async def get(self, path: str, host: str = "localhost:8484", method: str = "GET", **headers: str) -> httpx.Response:
        """The answer to one request."""
        reader = self.open_reader or (lambda: open_store(self.folder, read_only=True))
        app = create_app(reader, settings=lambda: self.settings, clock=lambda: self.now, runtime=self.runtime)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
            return await browser.request(method, path, headers={"Host": host, **headers})


def _outcome(made: Measurement, found: str, state: State, verdict: dict[str, Any]) -> Outcome:
    return Outcome(
        measurement=found,
        time=made.started,
        target=made.target,
        url=made.url,
        vantage=made.vantage.id,
        country=made.vantage.country,
        network=made.vantage.network,
        role=made.vantage.role,
        innocuous=made.innocuous,
        verdict=Verdict(measurement=found, state=state, **({"rule_id": "test.rule"} | verdict)),
        timings=Timings(total=made.duration),
        status=200 if state is State.OK else None,
        simulated=made.vantage.simulated,
        vantage_kind=made.vantage.kind,
    )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A data folder without a store, and two watched sites, an innocuous one, a vantage point and a control."""
    settings = PageSettings(
        targets=(KLOOP, OTHER, EXAMPLE), vantage_points=(HERE, CONTROL), fresh=timedelta(minutes=30)
    )
    return Place(folder=tmp_path / "data", settings=settings)


@pytest.fixture
def event() -> Callable[..., BlockingEvent]:
    """An event that is open since yesterday."""

    def made(**changes: Any) -> BlockingEvent:
        onset = (NOW - timedelta(days=1, minutes=10), NOW - timedelta(days=1))
        span = NetworkSpan(
            network="AS64500",
            onset=onset,
            end=None,
            alarm=onset[1],
            technique="tls.reset.sni",
            vantage_points=1,
            score=4.0,
        )
        found = BlockingEvent(
            id="kloop-KG-1",
            target="kloop",
            country="KG",
            networks=("AS64500",),
            onset=onset,
            end=None,
            tier=Tier.LIKELY,
            technique="tls.reset.sni",
            locus=Locus.NETWORK,
            alarm=onset[1],
            score=9.0,
            counts={"blocked": 7, "vantage_points": 1},
            witnesses=("ab" * 16,),
            spans=(span,),
        )
        return replace(found, **changes)

    return made


@pytest.fixture
def status() -> Callable[..., VantageStatus]:
    """A healthy vantage point that was heard of just now."""

    def made(health: Health = Health.HEALTHY, **changes: Any) -> VantageStatus:
        found = VantageStatus(
            vantage="here", country="KG", network="AS64500", role=Role.VANTAGE, health=health, why="", last_seen=NOW
        )
        return replace(found, **changes)

    return made


@pytest.fixture
def claim() -> Claim:
    """A documented date."""
    return Claim(
        id="c1",
        target="kloop",
        country="KG",
        kind="blocked",
        date="2026-11-22",
        precision="day",
        interval=(NOW - timedelta(days=2), NOW - timedelta(days=1)),
        sources=(Source(url="https://news.example/1", tier="press", says="two providers block the site"),),
        disagreements=("22 or 23 November",),
    )


@pytest.fixture
def milestone() -> Milestone:
    """A date of law."""
    return Milestone(date="2026-11-21", precision="day", kind="law", short="a law was signed")


@pytest.fixture
def cell() -> Cell:
    """An hour of an imported series."""
    start = NOW - timedelta(days=400)
    return Cell(
        target="twitter",
        country="UG",
        network="AS20294",
        vantage="crowd",
        start=start,
        end=start + timedelta(hours=1),
        ok=3,
        blocked=1,
        source="a series",
    )


@pytest.fixture
def steps() -> Callable[[str], tuple[Step, ...]]:
    """A probe's steps in which every text that the network wrote is the given one."""

    def made(text: str) -> tuple[Step, ...]:
        lookup = DNSLookup(
            hop=0,
            engine="system",
            resolver="",
            name="kloop.kg",
            query_type="A",
            started=0.0,
            duration=0.1,
            failure=text,
        )
        handshake = TLSHandshake(
            hop=0,
            address="203.0.113.5",
            port=443,
            server_name=text,
            started=0.1,
            duration=0.1,
            failure="ssl_error",
            reason=text,
        )
        response = HTTPRoundTrip(
            hop=1,
            url="https://kloop.kg/" + text,
            address="203.0.113.5",
            port=443,
            started=0.2,
            duration=0.3,
            status=200,
            protocol=text,
            headers=(("Server", text), ("Location", text)),
            body=Body(length=10, title=text),
        )
        return lookup, handshake, response

    return made

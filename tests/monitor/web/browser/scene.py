"""A year of a small country as a store: what the browser's tests look at. Nothing of it is real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.config.settings import Milestone
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
from monitor.verdict.experiments import find
from monitor.web import PageSettings
from probes.document import measurement_id
from probes.model import (
    Answer,
    Body,
    DNSLookup,
    HTTPRoundTrip,
    Measurement,
    Purpose,
    Role,
    Step,
    Target,
    TCPConnect,
    TLSHandshake,
    TTLTrial,
    VantagePoint,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOSTILE = (
    '"><script>window.pwned=1</script><img src=x onerror="window.pwned=2"><svg onload=window.pwned=3>'
    "</title></style></template><iframe srcdoc='<script>parent.pwned=4</script>'></iframe>"
    "{{7*7}}{% raw %}javascript:alert(5)\u202egnp.exe\x00\x1b[31m\ufeff]]>--><!--"
)
"""What a hostile network may write wherever it is asked for text."""
_NETWORKS = (("AS64500", 30), ("AS64501", 34), ("AS64502", 75), ("AS64503", None))
"""Network, and how many days ago it began to block."""
POINTS = (
    *(
        VantagePoint(id=f"kg-{at}", country="KG", network=name, simulated=True)
        for at, (name, _) in enumerate(_NETWORKS)
    ),
    *(
        VantagePoint(id=f"control-{code}", country=code.upper(), network=name, role=Role.CONTROL, simulated=True)
        for code, name in (("de", "AS64510"), ("fi", "AS64511"), ("ca", "AS64512"))
    ),
)
TARGETS = (
    Target(
        id="paper",
        name="The Paper",
        urls=("https://paper.example/",),
        category="media",
        why="An outlet that publishes investigations.",
        mirrors=("https://mirror.example/",),
    ),
    Target(id="radio", name="Radio", urls=("https://radio.example/",), category="media"),
    Target(id="videos", name="Videos", urls=("https://videos.example/",), category="platform"),
    Target(id="hostile", name=HOSTILE, why=HOSTILE, urls=("https://hostile.example/",), category="media"),
    Target(id="common", urls=("https://www.example.com/",), innocuous=True),
)
EVENT, HOSTILE_EVENT = "paper-kg-1", "hostile-kg-1"


def settings(*, refresh: int = 0, hostile: bool = True) -> PageSettings:
    """The configuration of the scene; without `hostile` text for pictures."""
    source = Source(url="https://news.example/1", tier="press", says="Readers on two providers cannot open the site.")
    rude = Source(url=f"javascript:alert(1)//{HOSTILE}", tier=HOSTILE, says=HOSTILE)
    return PageSettings(
        title="Press Canary",
        targets=tuple(target for target in TARGETS if hostile or target.id != "hostile"),
        vantage_points=POINTS,
        claims=(
            _claim("paper-ordered", "ordered", 76, source),
            _claim("paper-blocked", "blocked", 75, source, disagreements=("One paper says a day earlier.",)),
            *((_claim("hostile-blocked", "blocked", 1, rude, target="hostile", note=HOSTILE),) if hostile else ()),
        ),
        milestones=(
            Milestone(date="2026-09-08", precision="day", kind="law", short="A law on false news comes into force"),
            Milestone(
                date="2026-10-20", precision="day", kind="ruling", short=HOSTILE if hostile else "A court confirms it"
            ),
        ),
        fresh=timedelta(minutes=40),
        refresh=refresh,
        simulated=True,
    )


def _claim(name: str, kind: str, ago: int, source: Source, *, target: str = "paper", **more: object) -> Claim:
    start = (NOW - timedelta(days=ago)).replace(hour=0)
    return Claim(
        id=name,
        target=target,
        country="KG",
        kind=kind,
        date=f"{start:%Y-%m-%d}",
        precision="day",
        interval=(start, start + timedelta(days=1)),
        weight="strong" if kind == "blocked" else "none",
        sources=(source,),
        simulated=True,
        **more,  # type: ignore[arg-type]
    )


def build(folder: Path, *, hostile: bool = True) -> dict[str, str]:
    """Fill a data folder; ids of measurements that pages are asked for: one blocked, one hostile."""
    with open_store(folder, clock=lambda: NOW) as store:
        store.claim(True)
        store.append_cells([cell for target in ("paper", "radio") for cell in _year(target)])
        shown: dict[str, str] = {}
        entries = []
        for target in settings(hostile=hostile).targets:
            for measurement, outcome in _hours(target):
                entries.append((measurement, outcome, None))
                if outcome.verdict.state is State.BLOCKED:
                    shown["hostile" if target.id == "hostile" else "blocked"] = outcome.measurement
        store.append_all(entries)
        hops = _hops(POINTS[0])
        store.append_experiment(hops, find(hops))
        shown["hops"] = measurement_id(hops)
        _conclude(store, hostile=hostile)
    return shown


def _year(target: str) -> Iterator[Cell]:
    """Days of history; the second target is quiet, and one network was silent for a while."""
    for network, began in _NETWORKS:
        for ago in range(400, 0, -1):
            if network == "AS64503" and 200 < ago < 260:
                continue
            start = (NOW - timedelta(days=ago)).replace(hour=6)
            blocked = 22 if target == "paper" and began is not None and ago <= began else 2 if ago % 97 == 0 else 0
            yield Cell(
                target=target,
                country="KG",
                network=network,
                vantage="past",
                start=start,
                end=start + timedelta(hours=1),
                ok=24 - blocked,
                blocked=blocked,
                insufficient=30 if ago % 41 == 0 else 0,
                simulated=True,
                source="the scene's past",
            )


def _hours(target: Target) -> Iterator[tuple[Measurement, Outcome]]:
    """The last six hours, each half hour, from everywhere."""
    for number in range(12):
        for at, point in enumerate(POINTS):
            blocked = target.id in ("paper", "hostile") and point.network in ("AS64500", "AS64501", "AS64502")
            text = HOSTILE if target.id == "hostile" else ""
            started = NOW - timedelta(minutes=30 * (11 - number) + 2 + at)
            yield _measured(target, point, started, blocked=blocked, text=text)


def _measured(
    target: Target, point: VantagePoint, started: datetime, *, blocked: bool, text: str
) -> tuple[Measurement, Outcome]:
    made = Measurement(
        kind="website",
        kind_version="1",
        target=target.id,
        url=target.urls[0],
        vantage=point,
        started=started,
        duration=0.4,
        steps=_steps(target, blocked=blocked, text=text),
        innocuous=target.innocuous,
        software=text,
    )
    found = measurement_id(made)
    verdict = Verdict(
        measurement=found,
        state=State.BLOCKED if blocked else State.OK,
        rule_id="tls.reset.controls" if blocked else "http.page",
        technique="tls.reset.sni" if blocked else None,
        failure=text or ("connection_reset" if blocked else None),
        controls_agree=3,
        controls_total=3,
        ruleset="scene",
    )
    outcome = Outcome(
        measurement=found,
        time=started,
        target=target.id,
        url=made.url,
        vantage=point.id,
        country=point.country,
        network=point.network,
        role=point.role,
        innocuous=target.innocuous,
        verdict=verdict,
        timings=Timings(total=0.2 + 0.02 * (started.minute % 7)),
        status=None if blocked else 200,
        certificate_expiry=None if blocked else NOW + timedelta(days=41),
        simulated=True,
    )
    return made, outcome


def _steps(target: Target, *, blocked: bool, text: str) -> tuple[Step, ...]:
    host = target.urls[0].split("/")[2]
    answers = (Answer(type="A", value="203.0.113.5"),) + ((Answer(type="CNAME", value=text),) if text else ())
    lookup = DNSLookup(
        hop=0,
        engine="system",
        resolver=text,
        name=host,
        query_type="A",
        started=0.0,
        duration=0.03,
        answers=answers,
    )
    connect = TCPConnect(hop=0, address="203.0.113.5", port=443, started=0.03, duration=0.05)
    handshake = TLSHandshake(
        hop=0,
        address="203.0.113.5",
        port=443,
        server_name=text or host,
        started=0.08,
        duration=0.06,
        failure="connection_reset" if blocked else None,
        reason=text or None,
        version="" if blocked else "TLSv1.3",
        chain=(text.encode("utf-8", "replace"),) if text else (),
    )
    if blocked and not text:
        return lookup, connect, handshake
    page = HTTPRoundTrip(
        hop=1 if text else 0,
        url=target.urls[0] + text,
        address="203.0.113.5",
        port=443,
        started=0.15,
        duration=0.2,
        status=403 if text else 200,
        protocol=text or "h2",
        headers=(("Server", text or "nginx"), ("Location", text), ("Content-Type", text or "text/html")),
        body=Body(length=9000, title=text or "The Paper", kept=text.encode("utf-8", "replace") or None),
    )
    return lookup, connect, handshake, page


def _conclude(store: Store, *, hostile: bool) -> None:
    """Events with revisions, a decisive experiment, and how the vantage points are."""
    event = _event()
    store.save_events([replace(event, revision=1, tier=Tier.SUSPECTED, technique="tls", spans=event.spans[:1])])
    store.save_events([event])
    store.save_events(
        [replace(_event(), id="radio-kg-1", target="radio", revision=1, end=_ago(299, 298), onset=_ago(310, 309))]
    )
    if hostile:
        store.save_events([_hostile_event()])
    swap = _swap(POINTS[0])
    store.append_experiment(swap, find(swap))
    rude = replace(_swap(POINTS[1]), target="hostile")
    store.append_experiment(rude, replace(find(rude), why=HOSTILE, rule_id=HOSTILE))
    store.save_health([_status(point) for point in POINTS])


def _ago(first: float, second: float) -> tuple[datetime, datetime]:
    return NOW - timedelta(days=first), NOW - timedelta(days=second)


def _event() -> BlockingEvent:
    spans = tuple(
        NetworkSpan(
            network=network,
            onset=_ago(began + 0.3, began),
            end=None,
            alarm=NOW - timedelta(days=began - 0.01),
            technique="tls.reset.sni",
            vantage_points=1,
            score=score,
        )
        for network, began, score in (("AS64502", 75, 9.2), ("AS64501", 34, 12.0), ("AS64500", 30, 14.8))
    )
    return BlockingEvent(
        id=EVENT,
        target="paper",
        country="KG",
        networks=tuple(sorted(span.network for span in spans)),
        onset=spans[0].onset,
        end=None,
        tier=Tier.CONFIRMED,
        technique="tls.reset.sni",
        locus=Locus.UNKNOWN,
        alarm=spans[0].alarm,
        score=14.8,
        counts={
            "vantage_points": 3,
            "networks": 3,
            "blocked": 1604,
            "controls_agree": 3,
            "controls_total": 3,
            "decisive": 1,
        },
        witnesses=("ab" * 16, "cd" * 16),
        spans=spans,
        simulated=True,
        revision=2,
        detector="scene",
        ruleset="scene",
    )


def _hostile_event() -> BlockingEvent:
    spans = tuple(replace(span, network=HOSTILE, technique=HOSTILE) for span in _event().spans[:1])
    return replace(
        _event(),
        id=HOSTILE_EVENT,
        target="hostile",
        networks=(HOSTILE, "AS64501"),
        spans=spans,
        onset=_ago(2, 1),
        technique=HOSTILE,
        tier=Tier.LIKELY,
        pushed_with=(HOSTILE,),
        witnesses=(HOSTILE,),
        counts={HOSTILE: 1},
        revision=1,
    )


def _swap(point: VantagePoint) -> Measurement:
    steps: list[Step] = []
    for number, purpose in enumerate(
        (
            Purpose.TRIGGER_AT_TARGET,
            Purpose.INNOCUOUS_AT_TARGET,
            Purpose.TRIGGER_AT_ECHO,
            Purpose.INNOCUOUS_AT_ECHO,
        )
    ):
        address = "203.0.113.5" if number < 2 else "203.0.113.99"
        cut = purpose in (Purpose.TRIGGER_AT_TARGET, Purpose.TRIGGER_AT_ECHO)
        connect = TCPConnect(hop=0, address=address, port=443, started=0.1 * number, duration=0.03, purpose=purpose)
        shaken = TLSHandshake(
            hop=0,
            address=address,
            port=443,
            server_name="paper.example" if cut else "www.example.com",
            started=0.1 * number + 0.03,
            duration=0.05,
            failure="connection_reset" if cut else None,
            chain=() if cut else (b"leaf",),
            purpose=purpose,
        )
        steps += [connect, shaken]
    return Measurement(
        kind="sni_swap",
        kind_version="1",
        target="paper",
        url="https://paper.example/",
        vantage=point,
        started=NOW - timedelta(hours=1),
        duration=0.5,
        steps=tuple(steps),
    )


def _hops(point: VantagePoint) -> Measurement:
    """The site's name is cut at the fourth router, another name gets through to the seventh."""
    steps: list[Step] = []
    for purpose, name, cut in (
        (Purpose.INNOCUOUS_AT_TARGET, "www.example.com", 99),
        (Purpose.TRIGGER_AT_TARGET, "paper.example", 4),
    ):
        for ttl in range(1, 8):
            failure = "connection_reset" if ttl >= cut else None if ttl == 7 else "host_unreachable"
            router = f"203.0.113.{ttl}" if failure == "host_unreachable" and ttl != 3 else ""
            steps.append(
                TTLTrial(
                    hop=0,
                    method="tls",
                    name=name,
                    address="203.0.113.5",
                    port=443,
                    ttl=ttl,
                    started=0.02 * ttl,
                    duration=0.02,
                    failure="generic_timeout_error" if ttl == 3 else failure,
                    router=router,
                    purpose=purpose,
                )
            )
    return replace(_swap(point), kind="hop", started=NOW - timedelta(hours=2), steps=tuple(steps))


def _status(point: VantagePoint) -> VantageStatus:
    sick = point.id == "kg-3"
    return VantageStatus(
        vantage=point.id,
        country=point.country,
        network=point.network,
        role=point.role,
        health=Health.SICK if sick else Health.HEALTHY,
        why="1 of 1 innocuous targets failing." if sick else "0 of 1 innocuous targets failing.",
        last_seen=NOW - timedelta(minutes=2),
        simulated=True,
    )

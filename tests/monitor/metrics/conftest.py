"""Rows for the metrics' tests, so that a test names only what it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model import BlockingEvent, Latest, Locus, Outcome, State, Tier, Timings, Verdict
from probes.model import Role, Target

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The time of the scrape."""
    return NOW


@pytest.fixture
def target() -> Target:
    """A watched site."""
    return Target(id="kloop", urls=("https://kloop.kg/",), category="media")


@pytest.fixture
def entry() -> Callable[..., Latest]:
    """A newest result, five minutes old: ok over TLS unless told otherwise."""

    def made(state: State = State.OK, **changes: object) -> Latest:
        outcome = Outcome(
            measurement="m1",
            time=NOW - timedelta(minutes=5),
            target="kloop",
            url="https://kloop.kg/",
            vantage="here",
            country="KG",
            network="AS64500",
            role=Role.VANTAGE,
            innocuous=False,
            verdict=Verdict(measurement="m1", state=state, rule_id="r"),
            timings=Timings(dns=0.02, tcp=0.03, tls=0.04, first_byte=0.1, total=0.9),
            status=200,
            protocol="h2",
            tls_version="TLSv1.3",
            certificate_expiry=NOW + timedelta(days=60),
            body_length=1234,
            redirects=1,
        )
        outcome = replace(outcome, **changes)
        return Latest(outcome=outcome, since=outcome.time)

    return made


@pytest.fixture
def event() -> Callable[..., BlockingEvent]:
    """An event that is open since yesterday."""

    def made(**changes: object) -> BlockingEvent:
        found = BlockingEvent(
            id="e1",
            target="kloop",
            country="KG",
            networks=("AS64500", "AS64501"),
            onset=(NOW - timedelta(days=1, hours=1), NOW - timedelta(days=1)),
            end=None,
            tier=Tier.LIKELY,
            technique="tls.reset.sni",
            locus=Locus.NETWORK,
            alarm=NOW - timedelta(hours=20),
            score=9.0,
            counts={},
            witnesses=(),
        )
        return replace(found, **changes)

    return made

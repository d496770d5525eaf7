"""What holds for every check, whatever the data."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.check import check
from monitor.check.rules import RULES
from monitor.model import BlockingEvent, Claim, ClaimVerdict, Day, Locus, Tier

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=60)
HOURS = st.integers(-200, 1600)
TARGETS = st.sampled_from(["a", "b"])
NETWORKS = st.sampled_from(["AS1", "AS2"])


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    """A claim of any kind, somewhere around the sixty days."""
    start = START + timedelta(hours=draw(HOURS))
    return Claim(
        id=draw(st.text("cdefg", min_size=8, max_size=8)),
        target=draw(TARGETS),
        country="KG",
        kind=draw(st.sampled_from(sorted(RULES))),
        date="2024",
        precision=draw(st.sampled_from(["minute", "day", "month"])),
        interval=(start, start + timedelta(hours=draw(st.integers(1, 900)))),
        networks=draw(st.sampled_from([(), ("AS1",), ("AS1", "AS2")])),
    )


@st.composite
def events(draw: st.DrawFn) -> BlockingEvent:
    """An event whose edges are in order, open or not."""
    edges = sorted(START + timedelta(hours=hour) for hour in draw(st.lists(HOURS, min_size=4, max_size=4)))
    return BlockingEvent(
        id=draw(st.text("xyz", min_size=10, max_size=10)),
        target=draw(TARGETS),
        country="KG",
        networks=(draw(NETWORKS),),
        onset=(draw(st.sampled_from([edges[0], None])), edges[1]),
        end=draw(st.sampled_from([(edges[2], edges[3]), None])),
        tier=Tier.SUSPECTED,
        technique=None,
        locus=Locus.UNKNOWN,
        alarm=edges[1],
        score=1.0,
        counts={},
        witnesses=(),
    )


@st.composite
def counted(draw: st.DrawFn) -> Day:
    """A day's counts."""
    counts: dict[str, Any] = {name: draw(st.integers(0, 9)) for name in ("ok", "down", "blocked", "insufficient")}
    day = (START + timedelta(days=draw(st.integers(-5, 65)))).date()
    return Day(target=draw(TARGETS), country="KG", network=draw(NETWORKS), day=day, **counts)


CLAIMS = st.lists(claims(), max_size=6, unique_by=lambda claim: claim.id)
EVENTS = st.lists(events(), max_size=6, unique_by=lambda event: event.id)
DAYS = st.lists(counted(), max_size=30)


@given(CLAIMS, EVENTS)
def test_nothing_is_supported_or_contradicted_without_data(some: list[Claim], found: list[BlockingEvent]) -> None:
    """Without a day's counts, an event alone agrees at most, and nothing is denied."""
    verdicts = {each.verdict for each in check(found, some, [], now=NOW).checks}
    assert verdicts <= {ClaimVerdict.CONSISTENT, ClaimVerdict.NOT_TESTABLE}


@given(CLAIMS, EVENTS, DAYS)
def test_contradiction_needs_measurements_on_the_claims_own_days(
    some: list[Claim], found: list[BlockingEvent], data: list[Day]
) -> None:
    """A claim is only contradicted by what was measured on its own days."""
    for each in check(found, some, data, now=NOW).checks:
        assert each.verdict is not ClaimVerdict.CONTRADICTED or each.measurements > 0


@given(CLAIMS, EVENTS, DAYS, st.randoms(use_true_random=False))
def test_the_order_of_the_input_is_no_matter(
    some: list[Claim], found: list[BlockingEvent], data: list[Day], chance: random.Random
) -> None:
    """Shuffled claims, events and days give the same report."""
    before = check(found, some, data, now=NOW)
    for each in (some, found, data):
        chance.shuffle(each)
    assert check(found, some, data, now=NOW) == before


@given(CLAIMS, EVENTS, DAYS)
def test_every_claim_and_every_event_is_accounted_for(
    some: list[Claim], found: list[BlockingEvent], data: list[Day]
) -> None:
    """Each claim has one check; each event stands beside a claim or among the unclaimed, never both."""
    report = check(found, some, data, now=NOW)
    assert sorted(each.claim.id for each in report.checks) == sorted(claim.id for claim in some)
    beside = {event for each in report.checks for event in each.events}
    assert beside | set(report.unclaimed) == {event.id for event in found}
    assert not beside & set(report.unclaimed)


@given(CLAIMS, EVENTS, DAYS)
def test_coverage_never_exceeds_what_was_asked(some: list[Claim], found: list[BlockingEvent], data: list[Day]) -> None:
    """Covered days are among the days asked for, and the future is not asked for."""
    for each in check(found, some, data, now=NOW).checks:
        assert 0 <= each.days_covered <= each.days_asked
        assert each.claim.interval[0] < NOW or each.days_asked == 0

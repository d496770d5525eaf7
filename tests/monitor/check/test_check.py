"""Claims beside events: each verdict, and what keeps the check from agreeing too easily."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from monitor.check import check
from monitor.model import (
    BlockingEvent,
    CheckReport,
    Claim,
    ClaimCheck,
    ClaimVerdict,
    Day,
    Interval,
    Locus,
    NetworkSpan,
    Tier,
)

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def edge(text: str) -> Interval:
    """`earliest/latest`; a question mark is an edge that is open to the past."""
    earliest, latest = text.split("/")
    return (None if earliest == "?" else at(earliest), at(latest))


def claimed(kind: str = "blocked", interval: str = "2023-09-12/2023-09-14", **more: Any) -> Claim:
    """A claim about the site `kloop` in Kyrgyzstan; its interval's end is excluded."""
    start, end = interval.split("/")
    return Claim(
        **{"id": f"{kind}-{start}", "target": "kloop", "country": "KG", "date": start, "precision": "day"}
        | {"kind": kind, "interval": (at(start), at(end))}
        | more
    )


def seen(onset: str, end: str | None = None, **more: Any) -> BlockingEvent:
    """An event on `kloop` with these edges."""
    made: dict[str, Any] = {
        "id": f"event-{onset}",
        "target": "kloop",
        "country": "KG",
        "networks": ("AS1",),
        "onset": edge(onset),
        "end": None if end is None else edge(end),
        "tier": Tier.CONFIRMED,
        "technique": None,
        "locus": Locus.NETWORK,
        "alarm": edge(onset)[1],
        "score": 12.0,
        "counts": {},
        "witnesses": (),
    }
    return BlockingEvent(**made | more)


def days(first: str, last: str, *, network: str = "AS1", **counts: int) -> tuple[Day, ...]:
    """The same counts on each day, both ends included."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return tuple(
        Day(target="kloop", country="KG", network=network, day=start + timedelta(days=n), **counts)
        for n in range((end - start).days + 1)
    )


def only(report: CheckReport) -> ClaimCheck:
    """The one check of a report."""
    [each] = report.checks
    return each


def verdict(
    claim: Claim, events: Sequence[BlockingEvent] = (), data: Sequence[Day] = (), now: datetime = NOW
) -> ClaimCheck:
    """The check of one claim."""
    return only(check(events, [claim], data, now=now))


def test_a_block_that_began_within_the_claims_dates_supports_it() -> None:
    """Onset and claim overlap, and there are measurements: supported, no day apart."""
    data = days("2023-09-11", "2023-09-14", ok=3, blocked=3)
    found = verdict(claimed(), [seen("2023-09-12T06:00/2023-09-12T07:00")], data)
    assert (found.verdict, found.distance_days, found.events) == (
        ClaimVerdict.SUPPORTED,
        0.0,
        ("event-2023-09-12T06:00/2023-09-12T07:00",),
    )
    assert (found.days_covered, found.days_asked, found.measurements) == (2, 2, 12)


def test_without_any_data_every_kind_of_claim_is_not_testable() -> None:
    """No events and no measurements: nothing is agreed to and nothing is contradicted."""
    kinds = ["blocked", "unblocked", "extended", "look_alike", "not_enforced", "ordered", "threatened", "court_upheld"]
    report = check([], [claimed(kind) for kind in kinds], [], now=NOW)
    assert {each.verdict for each in report.checks} == {ClaimVerdict.NOT_TESTABLE}
    assert len(report.checks) == len(kinds)
    assert report.unseen == ()


def test_insufficient_measurements_are_no_data() -> None:
    """Measurements that could not tell are neither coverage nor a reason to doubt a claim."""
    found = verdict(claimed(), [], days("2023-09-12", "2023-09-13", insufficient=100))
    assert (found.verdict, found.days_covered, found.measurements) == (ClaimVerdict.NOT_TESTABLE, 0, 0)


def test_an_event_without_measurements_on_record_supports_nothing() -> None:
    """An event alone is consistent at most: support rests on measurements."""
    found = verdict(claimed(), [seen("2023-09-12T06:00/2023-09-12T07:00")])
    assert found.verdict is ClaimVerdict.CONSISTENT


def test_a_block_that_was_already_there_at_the_first_measurement_is_consistent() -> None:
    """When nothing was measured before, the onset is open, and no date is supported."""
    found = verdict(claimed(), [seen("?/2023-11-01")], days("2023-11-01", "2023-11-30", blocked=10))
    assert (found.verdict, found.distance_days) == (ClaimVerdict.CONSISTENT, 0.0)


def test_an_onset_that_lies_in_a_long_gap_is_consistent_only() -> None:
    """An onset known to half a year fits any date within it, so it supports none."""
    data = days("2023-05-01", "2023-05-02", ok=10) + days("2023-12-01", "2023-12-02", blocked=10)
    found = verdict(claimed(), [seen("2023-05-02/2023-12-01")], data)
    assert found.verdict is ClaimVerdict.CONSISTENT
    assert "gap" in found.why


def test_an_onset_shortly_after_the_claims_dates_is_consistent() -> None:
    """Providers follow one after another: two days later still agrees, and the distance says so."""
    found = verdict(claimed(), [seen("2023-09-15/2023-09-16")], days("2023-09-12", "2023-09-16", ok=10))
    assert (found.verdict, found.distance_days) == (ClaimVerdict.CONSISTENT, 1.0)


def test_for_a_claim_to_the_minute_an_hour_is_near_and_a_day_is_not() -> None:
    """The tolerance is that of the claim's precision."""
    claim = claimed(interval="2023-09-12T10:00/2023-09-12T10:01", precision="minute")
    data = days("2023-09-12", "2023-09-14", ok=20, blocked=1)
    near = verdict(claim, [seen("2023-09-12T10:31/2023-09-12T10:41")], data)
    far = verdict(claim, [seen("2023-09-13T10:31/2023-09-13T10:41")], data)
    assert (near.verdict, far.verdict) == (ClaimVerdict.CONSISTENT, ClaimVerdict.CONTRADICTED)


def test_a_reachable_site_contradicts_a_claimed_block() -> None:
    """Enough measurements on enough of the days, nearly all ok, and no event: contradicted, and unseen."""
    report = check([], [claimed()], days("2023-09-12", "2023-09-13", ok=5), now=NOW)
    assert only(report).verdict is ClaimVerdict.CONTRADICTED
    assert only(report).distance_days is None
    assert report.unseen == ("blocked-2023-09-12",)


def test_a_contradicted_claim_names_the_distance_to_the_nearest_block() -> None:
    """A block that was over long before is no answer to the claim, but the reader learns how far it lies."""
    event = seen("2023-08-01/2023-08-02", "2023-08-10/2023-08-11")
    report = check([event], [claimed()], days("2023-09-12", "2023-09-13", ok=10), now=NOW)
    assert (only(report).verdict, only(report).distance_days) == (ClaimVerdict.CONTRADICTED, -41.0)
    assert "the nearest one began 41.0 days before" in only(report).why
    assert report.unclaimed == (event.id,)


def test_few_measurements_contradict_nothing() -> None:
    """Five oks are too few to say no."""
    found = verdict(claimed(), [], days("2023-09-12", "2023-09-12", ok=5))
    assert found.verdict is ClaimVerdict.NOT_TESTABLE
    assert "too little" in found.why


def test_many_measurements_on_few_of_the_days_contradict_nothing() -> None:
    """A claim about a year is not contradicted by one week: the block may lie in the rest."""
    claim = claimed(interval="2023-01-01/2024-01-01", precision="year")
    found = verdict(claim, [], days("2023-06-01", "2023-06-07", ok=500))
    assert (found.verdict, found.days_covered, found.days_asked) == (ClaimVerdict.NOT_TESTABLE, 7, 365)


def test_mixed_results_without_an_event_contradict_nothing() -> None:
    """Where every fifth measurement was blocked, silence of the detector is no proof of access."""
    found = verdict(claimed(), [], days("2023-09-12", "2023-09-13", ok=40, blocked=10))
    assert found.verdict is ClaimVerdict.NOT_TESTABLE
    assert "mixed" in found.why


def test_a_block_that_began_before_the_claimed_year_contradicts_it() -> None:
    """The joint statement's 2023 beside an onset of October 2022: contradicted, 66 days apart."""
    claim = claimed(interval="2023-01-01/2024-01-01", precision="year")
    data = days("2022-10-01", "2022-10-26", ok=10) + days("2022-10-27", "2023-07-12", blocked=10)
    found = verdict(claim, [seen("2022-10-26/2022-10-27", "2023-07-12/2023-07-13")], data)
    assert (found.verdict, found.distance_days) == (ClaimVerdict.CONTRADICTED, -66.0)
    assert found.events


def test_the_same_is_not_contradicted_without_data_in_that_year() -> None:
    """Without measurements on its own days, a claim is never contradicted."""
    claim = claimed(interval="2023-01-01/2024-01-01", precision="year")
    found = verdict(claim, [seen("2022-10-26/2022-10-27")], days("2022-10-27", "2022-10-30", blocked=10))
    assert found.verdict is ClaimVerdict.CONSISTENT


def test_a_block_years_later_is_no_answer_to_an_old_claim() -> None:
    """After a documented unblocking, the next block is another story: the old claim has no data."""
    claims = [claimed(interval="2014-12-10/2014-12-17"), claimed("unblocked", "2014-12-17/2016-06-01")]
    report = check([seen("2023-09-12/2023-09-13")], claims, days("2023-09-10", "2023-09-20", ok=9), now=NOW)
    assert [each.verdict for each in report.checks] == [ClaimVerdict.NOT_TESTABLE] * 2
    assert report.unclaimed == ("event-2023-09-12/2023-09-13",)


def test_a_later_block_beside_a_reachable_site_contradicts_and_says_how_far() -> None:
    """Reachable on the claim's days, blocked two months on: contradicted, with the distance."""
    data = days("2023-09-01", "2023-11-30", ok=10)
    found = verdict(claimed(), [seen("2023-11-13/2023-11-14")], data)
    assert (found.verdict, found.distance_days) == (ClaimVerdict.CONTRADICTED, 60.0)


def test_a_later_block_without_data_before_is_consistent() -> None:
    """What the claim implies, blocked from then on, was seen; its date was not."""
    first = seen("2023-11-13/2023-11-14")
    begun = replace(first, onset=(None, first.onset[1]))
    found = verdict(claimed(), [begun], days("2023-11-14", "2023-11-30", blocked=10))
    assert found.verdict is ClaimVerdict.CONSISTENT


def test_a_block_before_which_the_site_was_seen_working_is_no_answer_to_an_old_claim() -> None:
    """It is another block: what lay between the claim and the working site was not measured."""
    found = verdict(claimed(), [seen("2023-11-13/2023-11-14")], days("2023-11-13", "2023-11-30", blocked=10))
    assert found.verdict is ClaimVerdict.NOT_TESTABLE
    assert "before it worked" in found.why


def test_a_retracted_event_supports_no_claim() -> None:
    """What later data took back is as if it had never been said."""
    data = days("2023-09-10", "2023-09-20", ok=10)
    taken_back = replace(seen("2023-09-12/2023-09-13", "2023-09-13/2023-09-13"), retracted=True)
    assert verdict(claimed(), [taken_back], data).verdict is ClaimVerdict.CONTRADICTED


@pytest.mark.parametrize(
    ("end", "expected", "distance"),
    [
        ("2023-07-13/2023-07-14", ClaimVerdict.SUPPORTED, 0.0),
        ("2023-08-13/2023-08-14", ClaimVerdict.CONSISTENT, 1.0),
        ("2023-09-11/2023-09-12", ClaimVerdict.CONTRADICTED, 30.0),
        ("2023-03-01/2023-03-02", ClaimVerdict.CONTRADICTED, -132.0),
        ("2023-01-01/2023-10-01", ClaimVerdict.CONSISTENT, 0.0),
        (None, ClaimVerdict.CONTRADICTED, 508.0),
    ],
)
def test_an_unblocking_is_compared_with_the_events_end(
    end: str | None, expected: ClaimVerdict, distance: float
) -> None:
    """The end's interval within, near, far from, or vaguely around the claim's dates."""
    data = days("2023-07-01", "2023-09-30", ok=5, blocked=5)
    found = verdict(claimed("unblocked", "2023-07-12/2023-08-12"), [seen("2022-10-26/2022-10-27", end)], data)
    assert (found.verdict, found.distance_days) == (expected, distance)


def test_an_unblocking_that_went_unseen_is_consistent_with_a_reachable_site() -> None:
    """Reachable then, no block ever seen: nothing speaks against it, and nothing was seen to end."""
    found = verdict(claimed("unblocked"), [], days("2023-09-12", "2023-09-13", ok=10))
    assert (found.verdict, found.events) == (ClaimVerdict.CONSISTENT, ())


def test_an_unblocking_while_the_block_goes_on_and_the_dates_are_not_over() -> None:
    """A claim whose dates still run is not judged by a block that still runs."""
    found = verdict(claimed("unblocked"), [seen("2023-09-01/2023-09-02")], now=at("2023-09-13"))
    assert found.verdict is ClaimVerdict.NOT_TESTABLE


def test_an_unblocking_without_data_is_not_testable() -> None:
    """The block went on as far as anybody knows, but nobody measured on those days."""
    found = verdict(claimed("unblocked"), [seen("2022-10-26/2022-10-27")])
    assert found.verdict is ClaimVerdict.NOT_TESTABLE


@pytest.mark.parametrize(
    ("onset", "end", "expected"),
    [
        ("2023-09-01/2023-09-02", None, ClaimVerdict.SUPPORTED),
        ("2023-09-01/2023-09-02", "2023-09-13/2023-09-14", ClaimVerdict.CONSISTENT),
        ("2023-09-13/2023-09-13", None, ClaimVerdict.CONSISTENT),
        ("2023-01-01/2023-01-02", "2023-02-01/2023-02-02", ClaimVerdict.NOT_TESTABLE),
    ],
)
def test_still_blocked_asks_for_the_whole_stretch(onset: str, end: str | None, expected: ClaimVerdict) -> None:
    """All of it supports, a part of it is consistent, another time says nothing here."""
    data = days("2023-09-12", "2023-09-13", blocked=10)
    assert verdict(claimed("extended"), [seen(onset, end)], data).verdict is expected


def test_still_blocked_is_contradicted_by_a_reachable_site() -> None:
    """Nobody extended what was not there."""
    report = check([], [claimed("extended")], days("2023-09-12", "2023-09-13", ok=10), now=NOW)
    assert only(report).verdict is ClaimVerdict.CONTRADICTED
    assert report.unseen == ("extended-2023-09-12",)


@pytest.mark.parametrize("kind", ["look_alike", "not_enforced"])
def test_where_no_block_is_expected_silence_with_data_supports(kind: str) -> None:
    """An office sealed, an order not carried out: reachable and no event is what the claim predicts."""
    report = check([], [claimed(kind)], days("2023-09-12", "2023-09-13", ok=10), now=NOW)
    assert only(report).verdict is ClaimVerdict.SUPPORTED
    assert report.unseen == ()


@pytest.mark.parametrize("kind", ["look_alike", "not_enforced"])
def test_where_no_block_is_expected_an_event_contradicts(kind: str) -> None:
    """A block seen then says that the claim, or the detector, is wrong."""
    data = days("2023-09-12", "2023-09-13", ok=5, blocked=5)
    event = seen("2023-09-12/2023-09-13", "2023-09-20/2023-09-21")
    found = verdict(claimed(kind), [event], data)
    assert (found.verdict, found.events) == (ClaimVerdict.CONTRADICTED, (event.id,))


@pytest.mark.parametrize("kind", ["ordered", "threatened", "court_upheld", "court_annulled"])
def test_paper_is_not_tested_on_the_wire(kind: str) -> None:
    """Orders, threats and rulings are not testable even beside perfect data, and the reason says why."""
    data = days("2023-09-12", "2023-09-13", ok=100)
    found = verdict(claimed(kind), [seen("2023-09-12/2023-09-13")], data)
    assert found.verdict is ClaimVerdict.NOT_TESTABLE
    assert "on paper" in found.why


def test_an_unknown_kind_is_not_testable() -> None:
    """A claim that the check has no rule for is told so, not judged."""
    assert "cannot be checked" in verdict(claimed("rumoured")).why


def test_a_claim_about_the_future_is_not_testable() -> None:
    """Dates that have not come ask for no days."""
    found = verdict(claimed(), [], (), now=at("2023-01-01"))
    assert (found.verdict, found.days_asked) == (ClaimVerdict.NOT_TESTABLE, 0)
    assert "future" in found.why


def test_a_claim_about_one_network_is_judged_by_that_network() -> None:
    """Blocked on one network, reachable on another: each claim has the answer of its own."""
    span = NetworkSpan(
        network="AS1",
        onset=edge("2023-09-12/2023-09-13"),
        end=None,
        alarm=at("2023-09-13"),
        technique=None,
        vantage_points=2,
        score=12.0,
    )
    event = seen("2023-09-12/2023-09-13", networks=("AS1",), spans=(span,))
    data = days("2023-09-12", "2023-09-13", blocked=10) + days("2023-09-12", "2023-09-13", network="AS2", ok=10)
    assert verdict(claimed(networks=("AS1",)), [event], data).verdict is ClaimVerdict.SUPPORTED
    assert verdict(claimed(networks=("AS2",)), [event], data).verdict is ClaimVerdict.CONTRADICTED
    assert verdict(claimed("not_enforced", networks=("AS2",)), [event], data).verdict is ClaimVerdict.SUPPORTED


def test_an_event_without_parts_counts_for_its_networks() -> None:
    """Where an event has no part per network, its own edges speak for all of its networks."""
    event = seen("2023-09-12/2023-09-13", networks=("AS1", "AS3"))
    data = days("2023-09-12", "2023-09-13", blocked=10)
    assert verdict(claimed(networks=("AS1",)), [event], data).verdict is ClaimVerdict.SUPPORTED


def test_other_targets_and_countries_are_no_evidence() -> None:
    """A block of another site, or in another country, says nothing; the report lists it as unclaimed."""
    data = days("2023-09-12", "2023-09-13", blocked=10)
    others = [
        seen("2023-09-12/2023-09-13", id="x", target="other"),
        seen("2023-09-12/2023-09-13", id="y", country="KZ"),
    ]
    report = check(others, [claimed()], data, now=NOW)
    assert only(report).verdict is ClaimVerdict.NOT_TESTABLE
    assert report.unclaimed == ("x", "y")


def test_simulated_data_never_speak_of_a_real_claim() -> None:
    """The demonstration cannot confirm a documented date, nor can real data confirm the demonstration's."""
    event = seen("2023-09-12/2023-09-13", simulated=True)
    data = days("2023-09-12", "2023-09-13", blocked=10)
    report = check([event], [claimed()], data, now=NOW)
    assert only(report).verdict is ClaimVerdict.NOT_TESTABLE
    assert (only(report).measurements, report.simulated) == (0, True)
    quiet = check([], [claimed()], days("2023-09-12", "2023-09-13", ok=10), now=NOW, simulated=True)
    assert only(quiet).verdict is ClaimVerdict.NOT_TESTABLE


def test_simulated_claims_are_tested_by_simulated_data() -> None:
    """The demonstration's own claims are testable, and the report is labelled."""
    event = seen("2023-09-12/2023-09-13", simulated=True)
    report = check([event], [claimed(simulated=True)], days("2023-09-12", "2023-09-13", blocked=10), now=NOW)
    assert only(report).verdict is ClaimVerdict.SUPPORTED
    assert report.simulated

"""Orders, rulings and terms beside the wire, and sources by their own dates."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.check import check
from monitor.model import Claim, Source
from tests.monitor.check.test_check import NOW, at, claimed, days, seen

BLOCK = seen("2023-09-12T06:00/2023-09-12T07:00")
DATA = days("2023-08-01", "2023-09-11", ok=10) + days("2023-09-12", "2024-12-31", blocked=10)


def finding(claim: Claim, events=(BLOCK,), data=DATA):
    """What is told of one claim on paper."""
    [told] = check(events, [claim], data, now=NOW).enforcement
    return told


def test_a_block_that_follows_an_order_is_told_with_its_days() -> None:
    """Ordered on the 7th, first seen blocked on the 12th."""
    told = finding(claimed("ordered", "2023-09-07/2023-09-08"))
    assert (told.finding, told.days, told.events) == ("block_followed", 5.3, (BLOCK.id,))


def test_a_block_that_came_before_the_order_is_told() -> None:
    """A decision of October beside a block of September."""
    told = finding(claimed("ordered", "2023-10-09/2023-10-10"))
    assert (told.finding, told.days) == ("blocked_before", -26.7)


def test_an_order_after_which_the_site_stayed_reachable() -> None:
    """A month of measurements without a block."""
    told = finding(
        claimed("threatened", "2023-08-01/2023-08-02"), events=(), data=days("2023-08-01", "2023-09-11", ok=9)
    )
    assert told.finding == "no_block_followed"


def test_an_order_in_a_time_without_data() -> None:
    """Nobody measured: nothing is said."""
    assert finding(claimed("ordered", "2020-08-01/2020-08-02"), events=(), data=()).finding == "not_testable"


@pytest.mark.parametrize("kind", ["court_annulled", "court_upheld"])
def test_a_ruling_after_which_the_block_went_on(kind: str) -> None:
    """Annulled in March 2024, and still blocked as long as anybody measured."""
    told = finding(claimed(kind, "2024-03-18/2024-03-19"))
    assert told.finding == "still_blocked"
    assert "288 days" in told.why


def test_an_open_event_goes_on_no_longer_than_its_measurements() -> None:
    """A block that nobody looked at since June is not called a block of March next year."""
    data = days("2023-09-12", "2024-03-17", blocked=10)
    assert finding(claimed("court_annulled", "2024-03-18/2024-03-19"), data=data).finding == "not_testable"


def test_a_ruling_after_which_the_site_could_be_reached() -> None:
    """The block ended with it."""
    event = seen("2023-09-12T06:00/2023-09-12T07:00", "2024-03-18/2024-03-18T12:00")
    data = days("2023-09-12", "2024-03-18", blocked=10) + days("2024-03-19", "2024-04-30", ok=10)
    assert finding(claimed("court_annulled", "2024-03-18/2024-03-19"), [event], data).finding == "not_blocked"


def test_an_order_that_is_said_not_to_be_carried_out_is_told_as_its_check_says() -> None:
    """A confirmed `not_enforced` is an order without a block."""
    told = finding(claimed("not_enforced", "2023-08-01/2023-08-03"), events=())
    assert told.finding == "no_block_followed"


def test_a_term_that_ran_out_while_the_block_went_on() -> None:
    """Two months were declared, the block was seen for longer; days are counted to the last measurement."""
    claim = replace(claimed(), term=at("2023-11-12"))
    [term] = check([BLOCK], [claim], DATA, now=at("2024-01-01")).terms
    assert (term.finding, term.lasts, term.days) == ("went_on", True, 50.0)


def test_a_block_that_ended_with_its_term() -> None:
    """Within three days of the term is with it."""
    event = seen("2023-09-12T06:00/2023-09-12T07:00", "2023-11-12/2023-11-13")
    [term] = check([event], [replace(claimed(), term=at("2023-11-12"))], DATA, now=NOW).terms
    assert (term.finding, term.lasts) == ("ended", False)


def test_a_term_is_not_judged_before_it_is_over_nor_without_a_block() -> None:
    """Time to come has no row, a term without an event is not testable."""
    claim = replace(claimed(), term=at("2023-11-12"))
    assert check([BLOCK], [claim], DATA, now=at("2023-10-01")).terms == ()
    [term] = check([], [claim], (), now=NOW).terms
    assert term.finding == "not_testable"


def test_each_source_is_judged_by_its_own_date() -> None:
    """One claim, three sources: the day before the onset, the month of it, and a year that has it wrong."""
    day = datetime(2023, 9, 11, tzinfo=UTC), datetime(2023, 9, 12, tzinfo=UTC)
    month = datetime(2023, 9, 1, tzinfo=UTC), datetime(2023, 10, 1, tzinfo=UTC)
    year = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    sources = (
        Source(url="https://www.near.example/1", date="2023-09-11", interval=day),
        Source(url="doc:a statement", date="2023-09", interval=month),
        Source(url="https://wrong.example/1", date="2024", interval=year),
        Source(url="https://same.example/1"),
    )
    scores = {each.source: each for each in check([BLOCK], [claimed(sources=sources)], DATA, now=NOW).sources}
    assert [scores[name].claims for name in ("near.example", "a statement", "wrong.example")] == [1, 1, 1]
    assert scores["near.example"].consistent == 1
    assert scores["a statement"].supported == 1
    assert scores["wrong.example"].contradicted == 1
    assert scores["same.example"].supported == 1


def test_claims_on_paper_and_about_one_provider_score_no_source() -> None:
    """Nothing can be right or wrong about paper on the wire, and a provider's claim has the whole claim's sources."""
    source = (Source(url="https://a.example/1"),)
    claims = [claimed("ordered", sources=source), claimed(id="block:one", sources=source, networks=("AS1",))]
    assert check([BLOCK], claims, DATA, now=NOW).sources == ()

"""The documented history, played: the check agrees where it should, and says no where a document has it wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.cli.check import played
from monitor.config import load, shipped
from monitor.evaluate.chronicle import A_DAY, Act, Chronicle, Sort, staggered, tell
from monitor.evaluate.kyrgyz import CHRONICLE, UNTIL

SMALL = Chronicle(
    country="KG",
    targets=("site",),
    innocuous=("example",),
    points={"AS1": 1, "AS2": 1},
    seasons=((datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 21, tzinfo=UTC)),),
    acts=(
        Act(
            sort=Sort.BLOCK,
            networks=("AS1",),
            target="site",
            start=datetime(2020, 1, 10, 6, tzinfo=UTC),
            end=datetime(2020, 1, 12, tzinfo=UTC),
        ),
        Act(
            sort=Sort.SILENT,
            networks=("AS2",),
            start=datetime(2020, 1, 11, tzinfo=UTC),
            end=datetime(2020, 1, 11, 12, tzinfo=UTC),
        ),
    ),
)


def test_a_block_fails_its_network_alone_and_only_while_it_lasts():
    """Nearly all fail between the edges, nearly none elsewhere."""
    cells = [cell for cell in tell(SMALL, 1) if cell.target == "site" and cell.network == "AS1"]
    during = [cell for cell in cells if SMALL.acts[0].start <= cell.start < SMALL.acts[0].end]
    rest = [cell for cell in cells if cell not in during]
    assert sum(cell.blocked for cell in during) > 0.8 * sum(cell.ok + cell.blocked for cell in during)
    assert sum(cell.blocked for cell in rest) < 0.1 * sum(cell.ok + cell.blocked for cell in rest)


def test_days_near_an_edge_are_told_in_fine_pieces():
    """Elsewhere a day is one cell of eight measurements, and the sum of measurements never depends on that alone."""
    counts = {cell.ok + cell.blocked for cell in tell(SMALL, 1) if cell.start < datetime(2020, 1, 5, tzinfo=UTC)}
    fine = {cell.ok + cell.blocked for cell in tell(SMALL, 1) if cell.start.day == 10}
    assert (counts, fine) == ({A_DAY}, {1})


def test_a_silent_network_sends_nothing():
    """No cell, and not a failed one."""
    silent = SMALL.acts[1]
    cells = [cell for cell in tell(SMALL, 1) if cell.network == "AS2"]
    assert [cell for cell in cells if silent.start <= cell.start < silent.end] == []
    assert cells


def test_everything_told_is_labelled_and_repeatable():
    """The same seed tells the same, and every cell says that it is simulated."""
    cells = tell(SMALL, 3)
    assert cells == tell(SMALL, 3)
    assert all(cell.simulated and "simulated" in cell.source and "simulated" in cell.vantage for cell in cells)


def test_networks_follow_one_after_another():
    """Each begins and ends so many hours after the first."""
    acts = staggered(SMALL.acts[0], {"AS1": 0, "AS2": 5}, {"AS2": 7})
    assert [act.networks for act in acts] == [("AS1",), ("AS2",)]
    assert acts[1].start - acts[0].start == timedelta(hours=5)
    assert acts[1].end - acts[0].end == timedelta(hours=7)


@pytest.fixture(scope="module")
def report():
    """The check's report on the part of the history from summer 2022 on, with the shipped claims."""
    late = tuple(season for season in CHRONICLE.seasons if season[0].year >= 2022)
    shorter = replace(CHRONICLE, seasons=late)
    return played(load(shipped()), tell(shorter, 1), now=UNTIL)


EXPECTED = {
    # What happened as it is documented.
    "azattyk-2022-block@azattyk-ky": "supported",
    "azattyk-2022-block@azattyk-ru": "supported",
    "azattyk-2022-extended@azattyk-ru": "supported",
    "azattyk-2023-unblock@azattyk-ru": "supported",
    "tiktok-2023-09-partial": "supported",
    "kloop-ru-2023-block": "supported",
    "kloop-ru-2023-block:o": "supported",
    "kloop-ky-2023-block": "supported",
    "kloop-2024-still-blocked@kloop-ky": "supported",
    "tiktok-2024-block": "supported",
    # A widely read statement has the wrong year; one paper alone names a site that the others do not.
    "azattyk-2023-joint-statement@azattyk-ky": "contradicted",
    "azattyk-2023-joint-statement@azattyk-ru": "contradicted",
    "current-time-2022-block": "contradicted",
    # Nobody measured for a year in between.
    "tiktok-still-blocked": "consistent",
    # No block, as expected: an order taken back, one not carried out, an office, outages.
    "24kg-2022-order": "supported",
    "nazarnews-order": "supported",
    "24kg-2024-office": "supported",
    "outage-2022-10@kaktus": "supported",
    "outage-2022-01-power@24kg": "supported",
    # Nobody measured then, or there.
    "kloop-2014-kg-block": "not testable",
    "fergana-2017-block": "not testable",
    "change-org-2020-block": "not testable",
    "kloop-2014-kz-block": "not testable",
    "azattyk-2024-ru-block@azattyk-ru": "not testable",
    "24kg-2023-ru-block": "not testable",
    # Paper.
    "kloop-2024-03-18-court-annuls": "not testable",
}


@pytest.mark.slow
def test_the_check_agrees_where_it_should_and_says_no_where_it_should(report):
    """Every kind of claim gets the verdict that the played history deserves."""
    found = {each.claim.id: each.verdict.value for each in report.checks}
    assert {name: found[name] for name in EXPECTED} == EXPECTED
    assert report.simulated


@pytest.mark.slow
def test_every_expected_negative_is_scored_and_none_is_taken_for_a_block(report):
    """Look-alikes and orders that nobody carried out: no event stands on their dates."""
    quiet = [each for each in report.checks if each.claim.kind in ("look_alike", "not_enforced")]
    assert [each.claim.id for each in quiet if each.verdict.value == "contradicted"] == []
    assert sum(each.verdict.value == "supported" for each in quiet) >= 8


@pytest.mark.slow
def test_the_wrong_year_is_told_with_its_distance_and_its_power(report):
    """The block had begun 66 days before 2023, and every imagined block of 2023 would have been seen."""
    [wrong] = [each for each in report.checks if each.claim.id == "azattyk-2023-joint-statement@azattyk-ru"]
    assert wrong.distance_days == pytest.approx(-66.3, abs=0.5)
    assert wrong.power is not None
    assert wrong.power.full == 1.0
    [statement] = [each for each in report.sources if each.source.startswith("joint statement")]
    assert (statement.contradicted, statement.supported) == (2, 1)


@pytest.mark.slow
def test_paper_and_terms_are_laid_beside_the_wire(report):
    """Carried out, carried out before it was decided, annulled and still blocked, and a term that ran out."""
    told = {each.claim: each.finding for each in report.enforcement}
    assert told["kloop-ru-2023-demand"] == "block_followed"
    assert told["kloop-ru-2023-10-09-decision"] == "blocked_before"
    assert told["kloop-2024-03-18-court-annuls"] == "still_blocked"
    assert told["nazarnews-order"] == "no_block_followed"
    assert told["kloop-2023-02-threat"] == "no_block_followed"
    terms = {each.claim: (each.finding, each.lasts) for each in report.terms}
    assert terms["azattyk-2022-block@azattyk-ru"] == ("went_on", False)


@pytest.mark.slow
def test_a_block_that_nobody_documents_is_named(report):
    """One event has no claim, one claim of a block has data and no event."""
    [event] = report.unclaimed
    assert event.startswith("akipress-kg-2024-06-10")
    assert report.unseen == ("current-time-2022-block",)

"""What quarantine and clocks do to conclusions: no vote for the one, nothing confirmed by the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.fleet import Skewed, Trust, members
from monitor.model import BlockingEvent, Cell, Locus, Tier
from monitor.pipeline.trusting import capped, told_in_time
from monitor.store import open_store
from tests.monitor.collector.house import house

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def event(**told):
    made = BlockingEvent(
        id="e", target="kloop", country="KG", networks=("AS1",), onset=(NOON, NOON + timedelta(minutes=5)), end=None,
        tier=Tier.CONFIRMED, technique=None, locus=Locus.NETWORK, alarm=NOON, score=9.0, counts={}, witnesses=(),
    )  # fmt: skip
    return replace(made, **told)


def cell(vantage, minutes):
    start = NOON + timedelta(minutes=minutes)
    return Cell(target="kloop", country="KG", network="AS1", vantage=vantage, start=start, end=start)


def test_cells_of_a_clock_that_is_off_are_left_out():
    """Those of that vantage point in that stretch, both ends included, and no others."""
    trust = Trust(skewed=(Skewed(vantage="kg-1", first=NOON, last=NOON + timedelta(minutes=10)),))
    cells = [cell("kg-1", minutes) for minutes in (-1, 0, 10, 11)] + [cell("kg-2", 5)]
    assert told_in_time(cells, trust) == (cells[0], cells[3], cells[4])


@pytest.mark.parametrize(
    ("exact", "tier"),
    [
        ([], Tier.LIKELY),
        ([event()], Tier.CONFIRMED),
        ([event(id="other", networks=("AS2", "AS1"))], Tier.CONFIRMED),
        ([event(tier=Tier.LIKELY)], Tier.LIKELY),
        ([event(target="azattyk")], Tier.LIKELY),
        ([event(country="KZ")], Tier.LIKELY),
        ([event(networks=("AS2",))], Tier.LIKELY),
        ([event(end=(NOON - timedelta(days=1), NOON - timedelta(hours=1)))], Tier.LIKELY),
    ],
)
def test_what_exact_clocks_do_not_confirm_is_likely_at_most(exact, tier):
    """An event stays confirmed where those whose clocks are known confirm the same block by themselves."""
    assert [each.tier for each in capped([event()], exact)] == [tier]
    assert capped([event(tier=Tier.SUSPECTED)], exact)[0].tier is Tier.SUSPECTED


def test_a_quarantined_vantage_point_accuses_nobody_and_is_kept(tmp_path):
    """The block that two vantage points tell of is taken back when both are quarantined, and comes back with them."""
    with house(tmp_path) as home:
        home.watch.now -= timedelta(hours=4)
        agents = [home.agent(f"kg-{number}", network=f"AS{number}") for number in (1, 2)]
        controls = [home.agent(f"de-{number}", network=f"AS9{number}", role="control") for number in range(3)]
        for step in range(20):
            for agent in (*controls, *agents):
                failure = "connection_reset" if agent in agents and step >= 6 else None
                rows = [agent.measured(1, target="example"), agent.measured(failure=failure)]
                assert agent.receipt(agent.send(rows)).accepted == 2
            home.watch.now += timedelta(minutes=5)

        def reviewed():
            home.made.desk._rounds._rested = 0.0
            home.made.desk._rounds.turn(home.watch.now)
            with open_store(home.folder / "data", read_only=True) as store:
                return [each.retracted for each in store.events()], store.counts()["measurements"]

        assert reviewed() == ([False], 200)
        for vantage in ("kg-1", "kg-2"):
            members.quarantine(home.made.desk.fleet, vantage, why="lies", now=home.watch.now, actor="test")
        assert reviewed() == ([True], 200)
        assert home.made.desk._rounds.pipeline().trust.voteless == {"kg-1", "kg-2"}

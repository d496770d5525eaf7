"""The front page's table is made of what is known now, and says so where nothing is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.metrics import Glance
from monitor.model import Health, Latest, Outcome, State, VantageStatus, Verdict
from monitor.web import PageSettings
from monitor.web.board import board
from probes.model import Role, Target, VantagePoint

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SETTINGS = PageSettings(
    targets=(Target(id="kloop", urls=("https://kloop.kg/",)),),
    vantage_points=(VantagePoint(id="here"), VantagePoint(id="control", role=Role.CONTROL)),
    fresh=timedelta(minutes=30),
)


@pytest.fixture
def entry() -> Callable[..., Latest]:
    """A result of five minutes ago."""

    def made(state: State = State.OK, **changes: object) -> Latest:
        outcome = Outcome(
            measurement="m",
            time=NOW - timedelta(minutes=5),
            target="kloop",
            url="https://kloop.kg/",
            vantage="here",
            country="KG",
            network="AS1",
            role=Role.VANTAGE,
            innocuous=False,
            verdict=Verdict(measurement="m", state=state, rule_id="r"),
        )
        outcome = replace(outcome, **changes)
        return Latest(outcome=outcome, since=outcome.time)

    return made


def _states(*entries: Latest, settings: PageSettings = SETTINGS) -> dict[str, list[str]]:
    table = board(Glance(latest=entries), settings, NOW)
    return {row.target.id: [square.state for square in row.squares] for row in table.watched}


def test_nothing_measured_is_none() -> None:
    """A configured pair without a result is `none`."""
    assert _states() == {"kloop": ["none", "none"]}


def test_an_old_result_is_stale_and_a_fresh_one_its_state(entry: Callable[..., Latest]) -> None:
    """The age decides, not what was seen."""
    assert _states(entry(State.BLOCKED)) == {"kloop": ["blocked", "none"]}
    assert _states(entry(State.OK, time=NOW - timedelta(hours=1))) == {"kloop": ["stale", "none"]}


def test_a_fresh_result_goes_before_an_old_worse_one(entry: Callable[..., Latest]) -> None:
    """A URL that was blocked and is no longer measured does not outweigh one that works now."""
    old = entry(State.BLOCKED, url="http://kloop.kg/", time=NOW - timedelta(hours=9))

    assert _states(old, entry(State.OK)) == {"kloop": ["ok", "none"]}


def test_imported_history_is_not_on_the_board(entry: Callable[..., Latest]) -> None:
    """Strangers' measurements of long ago make neither a column nor a row."""
    table = board(Glance(latest=(entry(vantage="crowd", vantage_kind="ooni"),)), SETTINGS, NOW)

    assert [column.vantage for column in table.columns] == ["here", "control"]
    assert table.newest is None


def test_what_was_measured_lately_is_shown_even_if_not_configured(entry: Callable[..., Latest]) -> None:
    """A page over a data folder alone shows its fresh results, and drops them when they grow old."""
    fresh = entry(target="other", vantage="there", url="https://other.example/")
    old = entry(target="gone", vantage="lost", time=NOW - timedelta(days=3))
    table = board(Glance(latest=(fresh, old)), SETTINGS, NOW)

    assert [row.target.id for row in table.watched] == ["kloop", "other"]
    assert [column.vantage for column in table.columns] == ["here", "there", "control"]


def test_innocuous_targets_stand_apart(entry: Callable[..., Latest]) -> None:
    """Sites that nobody blocks are not counted among the watched ones."""
    innocuous = Target(id="example", urls=("https://www.example.com/",), innocuous=True)
    settings = replace(SETTINGS, targets=(*SETTINGS.targets, innocuous))
    table = board(Glance(latest=(entry(target="example", innocuous=True),)), settings, NOW)

    assert [row.target.id for row in table.innocuous] == ["example"]
    assert dict(table.summary) == {"none": 1}


def test_the_summary_counts_vantage_points_only(entry: Callable[..., Latest]) -> None:
    """A control that sees a site says nothing about whether it can be seen here."""
    table = board(
        Glance(latest=(entry(State.BLOCKED), entry(State.OK, vantage="control", role=Role.CONTROL))), SETTINGS, NOW
    )

    assert dict(table.summary) == {"blocked": 1}


def test_health_of_long_ago_is_unknown(entry: Callable[..., Latest]) -> None:
    """A vantage point that stopped measuring while healthy is not healthy for ever."""

    def health(last: datetime) -> tuple[Health, datetime | None]:
        status = VantageStatus(
            vantage="here",
            country="KG",
            network="AS1",
            role=Role.VANTAGE,
            health=Health.HEALTHY,
            why="",
            last_seen=last,
        )
        column = board(Glance(latest=(entry(time=last),), health=(status,)), SETTINGS, NOW).columns[0]
        return column.health, column.last_seen

    day_ago = NOW - timedelta(days=1)
    assert health(NOW) == (Health.HEALTHY, NOW)
    assert health(day_ago) == (Health.UNKNOWN, day_ago)

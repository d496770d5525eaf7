"""What the metrics are told of agents' spools."""

from __future__ import annotations

from pathlib import Path

from monitor.cli.spools import spools_in
from tests.dashboards.live import played_fleet


def test_without_a_fleet_there_is_nothing_and_none_is_made(tmp_path: Path) -> None:
    """A page reads; it never makes a fleet where there is none."""
    assert spools_in(tmp_path)() == ()
    assert list(tmp_path.iterdir()) == []


def test_an_agent_that_delivered_says_what_it_kept(tmp_path: Path) -> None:
    """Waiting and dropped by the account of its newest batch, and when it came."""
    played_fleet(tmp_path)
    (found,) = spools_in(tmp_path)()

    assert (found.vantage, found.waiting, found.dropped) == ("kg-1", 7, 1)
    assert found.seen is not None


def test_a_fleet_that_cannot_be_read_does_not_break_the_scrape(tmp_path: Path) -> None:
    """A damaged file gives no series, and the rest of the exposition goes on."""
    (tmp_path / "fleet.db").write_bytes(b"damaged" * 1000)

    assert spools_in(tmp_path)() == ()

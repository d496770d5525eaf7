"""The load that is measured is a real one: a configuration that loads, results that are stored, known times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from benchmarks.watch_load import configuration, hold, lateness, run_late
from monitor.config import load
from monitor.schedule import Order, phase
from probes.model import Target, VantagePoint

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_configuration_is_one(tmp_path) -> None:
    """It loads without a complaint and has as many targets as were asked for."""
    (tmp_path / "targets.yaml").write_text(configuration(30))
    assert len(load(tmp_path / "targets.yaml").targets) == 30


def test_lateness_is_counted_from_the_phase() -> None:
    """A job is due half an interval and its phase after the start, and then once per interval."""
    order = Order(target=Target(id="a", urls=()), vantage=VantagePoint(id="here"), interval=timedelta(seconds=20))
    due = NOON + order.interval * (0.5 + phase(order.id))
    for rounds in (0, 1, 7):
        now = due + rounds * order.interval + timedelta(milliseconds=5)
        assert round(lateness(order, NOON, now), 3) == 0.005


async def test_memory_is_read_at_every_stage(tmp_path) -> None:
    """With three targets, all stages are there and all results went to disk."""
    found = await hold(3, tmp_path)
    assert list(found)[:5] == ["imports", "configuration", "app and store", "schedule", "one result each"]
    assert found["CPU s / 1,000 results stored"] > 0


async def test_jobs_are_counted(monkeypatch) -> None:
    """Every job of a short schedule ran, none was missed, and each run has its lateness."""
    monkeypatch.setattr("benchmarks.watch_load._INTERVAL", timedelta(seconds=2))
    found = await run_late(20, 2.1)
    assert found["runs"] >= 20
    assert found["missed"] == 0

"""The commands work alike where targets.yaml names servers in place of a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli import build
from tests.monitor.store import engines


@pytest.fixture(scope="module")
def server():
    """A running PostgreSQL 18."""
    with engines.postgres(engines.packaged_postgres()) as running:
        yield running


def test_import_status_events_and_check_use_the_servers(server, tmp_path, monkeypatch):
    """A series is read in, and every reading command finds it; nothing of it is in the data folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    place = server.database()
    config = tmp_path / "targets.yaml"
    config.write_text(
        "targets:\n- id: kloop\n  urls: [https://kloop.example/]\nsimulated: true\n"
        f"store:\n  measurements: {place}\n  state: {place}\n"
    )
    series = Path("docs/tutorial/series.csv").absolute()

    def run(*arguments):
        done = CliRunner().invoke(build(), ["--config", str(config), *arguments])
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    before = json.loads(run("status", "--json"))
    run("import", "series", str(series), "--format", "ooni-analysis")
    after = json.loads(run("status", "--json"))
    assert (before["counts"], after["data_dir"]) == ({}, f"{place} and {place}")
    assert after["counts"]["cells"] > 0
    assert after["simulated"] is True
    assert json.loads(run("events", "--json")) is not None
    assert json.loads(run("check", "--json"))["checks"] == []
    assert not (tmp_path / "home").exists()

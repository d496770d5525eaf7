"""Nothing acknowledged is lost, whenever and however the program ends (DESIGN §1.3)."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.store import open_store
from probes.document import measurement_id

CONFIG = """\
targets:
- {id: herald, urls: ["http://herald.example/"]}
- {id: lantern, urls: ["http://lantern.example/"]}
- {id: library, urls: ["http://library.example/"], innocuous: true}
- {id: museum, urls: ["http://museum.example/"], innocuous: true}
vantage_points:
- {id: here}
schedule: {interval: 2s, concurrency: 3}
simulated: true
"""
"""Simulated, because only then may an interval be so short."""


class Run:
    """A running monitor, and what it said so far."""

    def __init__(self, config: Path, data: Path) -> None:
        command = [sys.executable, str(Path(__file__).with_name("child.py")), str(config), str(data)]
        environment = os.environ | {
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "COLUMNS": "200",
        }
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        self.lines: list[str] = []

    def until(self, word: str, count: int = 1) -> None:
        """Read on until a line with that first word was read so many times more."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip())
            count -= line.startswith(word)
            if count == 0:
                return
        pytest.fail(f"it ended: {self.process.communicate()}")

    def end(self, number: signal.Signals) -> str:
        """Send a signal, and read what is printed until the end; the errors."""
        self.process.send_signal(number)
        out, errors = self.process.communicate(timeout=60)
        self.lines += out.splitlines()
        return errors

    def said(self, word: str) -> list[str]:
        """The second words of the lines that begin with `word`."""
        return [line.split()[1] for line in self.lines if line.startswith(f"{word} ")]


@pytest.fixture
def run(tmp_path: Path) -> Iterator:
    config = tmp_path / "targets.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    begun: list[Run] = []

    def made() -> Run:
        begun.append(Run(config, tmp_path / "data"))
        return begun[-1]

    yield made
    for each in begun:
        each.process.kill()
        each.process.communicate()


def stored(folder: Path) -> set[str]:
    """The ids of all measurements in the store, each of them readable and true to its id."""
    with open_store(folder, read_only=True) as store:
        rows = {row.measurement for row in store.outcomes()}
        assert all(measurement_id(store.measurement(row)) == row for row in rows)
    with closing(sqlite3.connect(f"file:{folder}/store.db?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return rows


@pytest.mark.slow
def test_what_was_acknowledged_is_there_after_kill_minus_nine(run, tmp_path):
    """Killed in the middle of measurements: what was said to be kept is kept, and a restart adds to it."""
    first = run()
    first.until("kept", 5)
    first.end(signal.SIGKILL)
    before = set(first.said("kept"))
    assert len(first.said("began")) >= len(before) >= 5
    after_kill = stored(tmp_path / "data")
    assert before <= after_kill

    second = run()
    second.until("kept", 4)
    assert second.end(signal.SIGTERM) == ""
    assert second.process.returncode == 0
    assert after_kill | set(second.said("kept")) == stored(tmp_path / "data")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_measurements_finishes_and_writes_them(run, tmp_path, number):
    """What began is kept, nothing new begins, and the exit code is 0."""
    process = run()
    process.until("began", 3)
    assert process.said("kept") == []
    assert process.end(number) == ""
    assert process.process.returncode == 0
    assert len(process.said("kept")) == len(process.said("began")) == 3
    assert set(process.said("kept")) == stored(tmp_path / "data")
    assert "Stopped; everything that was measured is stored." in process.lines


def test_a_second_interrupt_ends_it_at_once_without_a_traceback(run, tmp_path):
    """Who presses Ctrl-C twice does not want to wait; what was acknowledged is kept all the same."""
    process = run()
    process.until("kept", 1)
    process.until("began", 1)
    process.process.send_signal(signal.SIGINT)
    process.until("stopping")
    errors = process.end(signal.SIGINT)
    assert process.process.returncode == 130
    assert errors.strip() in ("", "Aborted.")
    assert set(process.said("kept")) <= stored(tmp_path / "data")

"""`presscanary run` and its neighbours as a process: what they print, serve, refuse, and how they end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

CONFIG = """\
targets:
- {id: kloop, urls: ["http://127.0.0.1:9/"]}
- {id: library, urls: ["http://127.0.0.1:10/"], innocuous: true}
- {id: museum, urls: ["http://127.0.0.1:11/"], innocuous: true}
vantage_points:
- {id: here}
schedule: {interval: 1m}
"""
"""Loopback is never dialled, and an address needs no resolver: nothing leaves this machine, as if it were offline."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "targets.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def start(tmp_path: Path, config: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    begun: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, data: Path = tmp_path / "data") -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "monitor", "--config", str(config), "--data-dir", str(data), *arguments]
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def look(process: subprocess.Popen[str]) -> str:
    """The address that the program says to look at; what was printed before it is on the way."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Look at "):
            return line.removeprefix("Look at ").strip()
    pytest.fail(f"no page: {process.communicate()[1]}")


def test_run_says_where_to_look_serves_page_and_metrics_and_ends_with_0_on_sigterm(start):
    """A supervisor can stop it at any time: what runs is finished and written."""
    process = start("run", "--port", "0")
    page = look(process)

    front = httpx.get(page, trust_env=False)
    metrics = httpx.get(f"{page}metrics", trust_env=False)
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=60)

    assert front.status_code == 200
    assert "kloop" in front.text
    assert "presscanary_build_info" in metrics.text
    assert process.returncode == 0
    assert "everything that was measured is stored" in printed


def test_sighup_reloads_the_configuration_and_a_bad_file_leaves_the_old_one_in_force(start, config):
    """Targets can be added while it runs; a mistake in the file costs nothing."""
    process = start("run", "--port", "0")
    page = look(process)

    config.write_text("targets: 5\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    told = [process.stderr.readline() for _ in range(2)]
    assert any("the old one stays in force" in line for line in told)
    assert "kloop" in httpx.get(page, trust_env=False).text

    config.write_text(CONFIG.replace("kloop", "lantern"), encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    assert any(line.startswith("Reloaded") for line in process.stdout)
    assert "lantern" in httpx.get(page, trust_env=False).text


def test_a_changed_file_is_read_by_itself_and_a_bad_one_leaves_the_old_one_in_force(start, config):
    """Who saves the file need not know of signals; a mistake in it costs nothing."""
    process = start("run", "--port", "0")
    page = look(process)

    config.write_text("targets: 5\n", encoding="utf-8")
    assert any("the old one stays in force" in process.stderr.readline() for _ in range(2))
    assert "kloop" in httpx.get(page, trust_env=False).text

    config.write_text(CONFIG.replace("kloop", "lantern"), encoding="utf-8")
    assert any(line.startswith("Reloaded") for line in process.stdout)
    assert "lantern" in httpx.get(page, trust_env=False).text


def test_a_machine_that_reaches_nothing_is_called_offline_and_nothing_is_called_blocked_or_down(start):
    """Not seen is never works, and never blocked: in the terminal, in the JSON and on the page."""
    process = start("run", "--once")
    printed, problems = process.communicate(timeout=60)

    assert process.returncode == 0, problems
    assert "Vantage point here is offline" in printed
    assert "results are insufficient: nothing is claimed to be blocked or down" in printed
    status = json.loads(start("status", "--json").communicate(timeout=60)[0])
    assert {row["state"] for row in status["targets"]} == {"insufficient"}
    assert [point["health"] for point in status["vantage_points"]] == ["offline"]


def test_the_page_says_that_the_vantage_point_is_offline(start):
    """An analyst who opens the page of an offline machine is told so before anything else."""
    start("run", "--once").communicate(timeout=60)
    process = start("run", "--port", "0")

    text = httpx.get(look(process), trust_env=False).text

    assert "offline" in text
    assert "insufficient" in text


def test_run_once_prints_json_that_a_script_can_read(start):
    """`run --once --json` gives every target, measured one time."""
    process = start("run", "--once", "--json")
    found = json.loads(process.communicate(timeout=60)[0])

    assert process.returncode == 0
    assert sorted(row["target"] for row in found["targets"]) == ["kloop", "library", "museum"]
    assert found["counts"]["measurements"] == 3


def test_a_second_run_on_the_same_folder_is_refused_in_one_line_and_the_first_goes_on(start):
    """Two writers would spoil a store; the second one says what to do and touches nothing."""
    first = start("run", "--port", "0")
    page = look(first)
    second = start("run", "--port", "0")
    _, problems = second.communicate(timeout=60)

    assert second.returncode == 1
    assert len(problems.strip().splitlines()) == 1
    assert httpx.get(page, trust_env=False).status_code == 200


def test_a_port_in_use_is_one_line_and_exit_code_1_and_no_store_is_touched(start, tmp_path):
    """Before anything is measured it is clear whether the page can be served."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start("run", "--port", str(taken.getsockname()[1]), data=tmp_path / "untouched")
        _, problems = process.communicate(timeout=60)

    assert process.returncode == 1
    assert len(problems.strip().splitlines()) == 1
    assert "--port" in problems
    assert not (tmp_path / "untouched").exists()


def test_a_configuration_with_mistakes_is_exit_code_2_with_every_mistake_on_its_line(start, config):
    """All mistakes at once, each with its place."""
    config.write_text("targets:\n- {id: kloop, urls: [ftp://kloop.kg/]}\nspeed: 9\n", encoding="utf-8")
    process = start("run", "--once")
    _, problems = process.communicate(timeout=60)

    assert process.returncode == 2
    assert f"{config}:2:" in problems
    assert f"{config}:3:" in problems
    assert "Traceback" not in problems


@pytest.mark.parametrize(
    "arguments", [("run", "--json"), ("run", "--port", "99999"), ("walk",), ("events", "--since", "soon")]
)
def test_wrong_options_are_exit_code_2_without_a_traceback(start, arguments):
    """A script can tell its own mistake from a fault."""
    process = start(*arguments)
    _, problems = process.communicate(timeout=60)

    assert process.returncode == 2
    assert problems.strip()
    assert "Traceback" not in problems


@pytest.mark.parametrize("command", ["status", "events", "check"])
def test_reading_commands_work_before_anything_was_measured(start, tmp_path, command):
    """No store is not a fault: there is nothing to show yet, and a reader never makes a store."""
    process = start(command, "--json", data=tmp_path / "nothing")
    printed, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert json.loads(printed) is not None
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    "command", ["run", "status", "events", "check", "import", "check-config", "demo", "gallery", "dashboards"]
)
def test_every_command_explains_itself(start, command):
    """`--help` says what a command is for."""
    process = start(command, "--help")
    printed, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert len(printed.splitlines()) > 5

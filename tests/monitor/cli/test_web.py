"""`presscanary web` as a process: it serves what another one measured, reloads, and ends when asked to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from monitor.cli.serve import open_to
from monitor.config import Settings, WebSettings

CONFIG = 'targets: [{id: kloop, urls: ["https://kloop.kg/"]}]\n'


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    begun: list[subprocess.Popen[str]] = []
    (tmp_path / "targets.yaml").write_text(CONFIG)

    def begin(*arguments: str) -> subprocess.Popen[str]:
        place = ["--config", str(tmp_path / "targets.yaml"), "--data-dir", str(tmp_path / "data")]
        command = [sys.executable, "-m", "monitor", *place, "web", *arguments]
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def _line(process: subprocess.Popen[str], begins: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(begins):
            return line.removeprefix(begins).strip()
    pytest.fail(f"it never said {begins!r}: {process.communicate()[1]}")


@pytest.mark.slow
def test_it_serves_reloads_and_ends_with_open_streams(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """Before anything was measured there is a page; SIGHUP shows a changed file; a stream does not hold SIGTERM up."""
    process = start("--port", "0")
    page = _line(process, "Look at ")
    with httpx.Client(trust_env=False, timeout=60) as browser:
        assert "kloop" in browser.get(page).text
        (tmp_path / "targets.yaml").write_text(CONFIG.replace("kloop", "azattyk"))
        process.send_signal(signal.SIGHUP)
        _line(process, "Reloaded ")
        assert "azattyk" in browser.get(page).text
        with browser.stream("GET", f"{page}live") as stream:
            assert next(stream.iter_lines()).startswith("retry: ")
            process.send_signal(signal.SIGTERM)
            printed, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (0, "")
    assert printed.endswith("Stopped.\n")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("host", "web", "warned"),
    [
        ("127.0.0.1", WebSettings(), False),
        ("0.0.0.0", WebSettings(), True),
        ("192.0.2.1", WebSettings(public=True), False),
        ("192.0.2.1", WebSettings(sign_in=True), False),
    ],
)
def test_a_page_that_is_open_to_all_says_so(host: str, web: WebSettings, warned: bool) -> None:
    """Whoever lets others reach the page without `public` or `sign_in` is told what they will see."""
    settings = Settings(path=Path(), targets=(), vantage_points=(), web=web)

    assert bool(open_to(settings, host)) is warned


def test_a_port_that_is_taken_is_told(start: Callable[..., subprocess.Popen[str]]) -> None:
    """One line, exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start("--port", str(taken.getsockname()[1]))
        _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert len(errors.strip().splitlines()) == 1
    assert "choose another with --port" in errors

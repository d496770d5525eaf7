"""The lab itself: quick to build, without privilege, and gone without a trace however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab import lab as laboratory
from tests.lab.lab import Lab

ROOT = Path(__file__).parents[2]
_PATIENCE = 20.0
RUNNER = """
import sys, time
import pytest

from tests.lab import lab as laboratory
from tests.lab.lab import Lab
with Lab() as lab:
    print(lab.pid, flush=True)
    time.sleep(600)
"""


def test_it_is_up_soon(lab: Lab, table: dict[str, list[str]]) -> None:
    """Six networks, three boxes, three servers and two places to measure from stand; how soon is told, not judged."""
    table.setdefault("network lab: building it", []).append(
        f"from the first network to the last server {lab.seconds:.2f} s"
    )
    assert lab.seconds > 0


def test_nothing_is_left_when_it_is_closed(possible: None) -> None:
    """No process; files were only ever in a file system of the lab's own, and networks end with their last process."""
    with Lab() as lab:
        space = _space(lab.pid)
        assert {"unbound", "nginx"} <= {Path(each.partition("\0")[0]).name for each in _members(space)}
    _wait_until_gone(space)


def test_nothing_is_left_when_its_first_process_is_killed(possible: None) -> None:
    """kill -9 of what holds the namespaces ends everything in them."""
    lab = Lab().__enter__()
    space = _space(lab.pid)
    os.kill(lab.pid, signal.SIGKILL)
    _wait_until_gone(space)
    lab.__exit__(None, None, None)


def test_nothing_is_left_when_the_tests_are_killed(possible: None) -> None:
    """kill -9 of the process that holds the lab, which has no time to say anything."""
    runner = subprocess.Popen([sys.executable, "-c", RUNNER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert runner.stdout is not None
    with runner.stdout:
        space = _space(int(runner.stdout.readline()))
        assert _members(space)
        runner.kill()
        runner.wait()
    _wait_until_gone(space)


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the servers, or one that refuses namespaces, is told apart in words."""
    monkeypatch.setattr(laboratory, "_ENVIRONMENT", {"PATH": "/nowhere"})
    assert "unbound" in laboratory.missing()
    assert ".ci/lab-packages" in laboratory.missing()
    monkeypatch.undo()
    monkeypatch.setattr(laboratory, "PROGRAMS", ())
    monkeypatch.setattr(laboratory, "_ALONE", ("false",))
    assert "refuses namespaces" in laboratory.missing()


def _space(pid: int) -> Path:
    """The process namespace in which the children of `pid` live (unshare itself stays outside)."""
    return Path(f"/proc/{pid}/ns/pid_for_children").readlink()


def _members(space: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns" / "pid").readlink() == space:
                found.append((process / "cmdline").read_text())
        except OSError:  # it ended meanwhile, or is another user's
            continue
    return found


def _wait_until_gone(space: Path) -> None:
    """Return as soon as nobody lives there any more; fail after `_PATIENCE`."""
    end = time.monotonic() + _PATIENCE
    while left := _members(space):
        assert time.monotonic() < end, left
        time.sleep(0.01)

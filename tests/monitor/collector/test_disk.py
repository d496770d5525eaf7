"""A collector whose disk is full: agents wait, nothing acknowledged is lost, and it goes on when there is room."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
MOUNT = (
    'mount -t tmpfs -o size=4m tmpfs "$1" && head -c 1500000 /dev/zero > "$1/ballast" && "$2" "$3" "$1" "$1/ballast"'
)


def test_a_full_disk_is_a_wait_and_needs_no_repair(tmp_path):
    """On a real disk of 4 MiB: 503 with Retry-After and a health that says so; with room the same batch is taken."""
    if subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system does not let ordinary users mount (unshare -Urm)")
    shell = ["unshare", "-Urm", "sh", "-c", MOUNT, "sh", str(tmp_path), sys.executable, str(HERE / "filler.py")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(shell, capture_output=True, text=True, check=False, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    status, code, detail, seconds = seen.pop("answer")
    assert (status, code, seconds) == (503, "busy", "60")
    assert detail in ("the disk is full", "the store cannot be written now")
    assert seen == {
        "delivered before": True,
        "all that was acknowledged is there": True,
        "health": 503,
        "it goes on saying so": 503,
        "with room": 200,
        "and after it": 200,
        "health with room": 200,
        "nothing twice": True,
    }

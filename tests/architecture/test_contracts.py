"""The shape of the code is what the design says it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_rooms_import_only_what_the_contracts_allow():
    """import-linter keeps every contract of pyproject.toml: layers downward only, a pure core, one door to the wire."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_every_python_file_of_the_packages_is_small_enough_to_be_one_noun():
    """No module grows past 300 lines; at 250 it is time to ask which noun it should become."""
    long = {
        str(path.relative_to(ROOT)): lines
        for package in ("probes", "monitor")
        for path in (ROOT / package).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 300 and path.name != "model.py"
    }

    assert not long

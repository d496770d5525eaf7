"""The reference page of the lab: what it shows runs, and what it lists is what there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from probes import testing
from probes.testing.cases import MANIPULATIONS

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "testing-networks.md").read_text()


def _block(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0]


def test_the_example_runs():
    """The page's program prints what the page says, without a warning."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", _block("python")], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.stderr, ran.stdout) == ("", _block("text"))


def test_every_public_name_is_mentioned():
    """Nothing public is undocumented, apart from types that only say what a function takes or gives."""
    unmentioned = {name for name in testing.__all__ if not re.search(rf"\b{name}\b", PAGE)}
    assert unmentioned <= {"Rule", "PUBLIC_RESOLVERS"}


def test_every_manipulation_is_listed():
    """The table of manipulations has every kind that is read, and no other."""
    listed = {kind for row in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE) for kind in re.findall(r"`(\w+)`", row)}
    assert set(MANIPULATIONS) <= listed

"""What the repository promises about itself is true: the README's commands, the packaging, the shipped file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import monitor
from monitor.cli import build
from monitor.config import load, shipped

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETUP = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)


def test_the_readme_sets_up_with_two_commands_and_ci_calls_the_second():
    """One runs the main job, one passes the tests; CI runs the very line that a reader would."""
    assert len(SETUP) == 2
    assert SETUP[0].endswith("presscanary run")
    assert SETUP[1].endswith("pytest -n 2")
    assert SETUP[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_readme_names_every_command_and_none_that_does_not_exist():
    """The table of commands is the command line."""
    told = set(re.findall(r"`(?:\.venv/bin/)?presscanary ([a-z-]+)", README))
    known = {group.name for group in build().registered_groups} | {each.name for each in build().registered_commands}

    assert known <= told
    assert told <= known


def test_every_dependency_has_a_lower_bound():
    """A version that was never tried is not let in from below."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + [each for name, extra in extras.items() if name != "all" for each in extra]

    assert all(">=" in each or each.startswith("presscanary[") for each in wanted)


def test_the_shipped_file_is_the_one_at_the_root_and_loads():
    """A new user watches what the repository shows."""
    assert shipped() == ROOT / "targets.yaml"
    assert len(load(shipped()).targets) > 30
    assert Path(monitor.__file__).parent == ROOT / "monitor"

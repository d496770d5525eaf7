"""The tutorial runs: its commands, in order, in a fresh folder, print what the page says they print."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.made_up import series

FOLDER = Path(__file__).parents[2] / "docs" / "tutorial"
PAGE = FOLDER / "first-look.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of the page and the output that stands below it."""

    line: int
    text: str
    output: str


def commands(page: str) -> list[Command]:
    """The commands of the page's console blocks, a here-document's lines (`> `) included."""
    found: list[Command] = []
    shown = False
    for number, line in enumerate(page.splitlines(), start=1):
        if line.startswith("```"):
            shown = line == "```console"
        elif shown and line.startswith("$ "):
            found.append(Command(line=number, text=line[2:], output=""))
        elif shown and line[:2] in (">", "> ") and not found[-1].output:
            found[-1] = Command(line=found[-1].line, text=f"{found[-1].text}\n{line[2:]}", output="")
        elif shown:
            found[-1] = Command(line=found[-1].line, text=found[-1].text, output=f"{found[-1].output}{line.rstrip()}\n")
    return found


def fits(expected: str, printed: str) -> bool:
    """Whether text is what was expected, `…` standing for anything within a line."""
    pattern = re.escape(expected.strip("\n")).replace("…", "[^\n]*?")
    return re.fullmatch(pattern, printed.strip("\n")) is not None


def plain(text: str) -> str:
    """Text without the spaces at the ends of its lines, which editors and diffs do not like to keep."""
    return "\n".join(line.rstrip() for line in text.splitlines())


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder as a reader would, in a window of a known width and with nothing of this machine's."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PRESSCANARY", "XDG_", "FORCE_COLOR"))
    }
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
        "XDG_DATA_HOME": str(folder / "not-used"),
    }
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with the series copied into it, as the page asks for."""
    shutil.copy(FOLDER / "series.csv", tmp_path)
    return tmp_path


def test_the_tutorial_runs(folder):
    """Every command prints what stands below it, and only the file with the two mistakes is refused."""
    refused = []
    for command in commands(PAGE.read_text(encoding="utf-8")):
        ran = run(command.text, folder)
        printed = plain(ran.stdout)
        assert fits(command.output, printed), f"{PAGE.name}:{command.line}: $ {command.text}\n{printed}"
        if ran.returncode:
            refused.append((command.text, ran.returncode))

    assert refused == [("presscanary check-config", 2)]
    assert not (folder / "not-used").exists()


def test_the_tutorial_dials_nobody():
    """Its commands are those that stay on this machine."""
    allowed = {"presscanary --version", "presscanary check-config", "presscanary import", "presscanary events"}
    allowed |= {"presscanary check", "cat >", "sed -i", "head -n", "python -m"}
    for command in commands(PAGE.read_text(encoding="utf-8")):
        words = shlex.split(command.text.splitlines()[0])
        assert " ".join(words[:2]) in allowed
        if words[:3] == ["python", "-m", "probes"]:
            assert words[3].startswith("http://127.0.0.1:")
            assert words[4:8] == ["--resolver-udp", "none", "--doh", "none"]


def test_the_series_is_the_made_up_one():
    """The file is what `python tests/docs/made_up.py` writes, so that nobody takes it for a measurement."""
    assert (FOLDER / "series.csv").read_text(encoding="utf-8") == series()


@pytest.mark.parametrize(
    ("expected", "printed", "whether"),
    [
        ("took … s", "took 0.001 s", True),
        ("took … s", "took\n0.001 s", False),
        ("a.c", "abc", False),
        ("one", "one\ntwo", False),
        ("", "", True),
    ],
)
def test_what_fits(expected, printed, whether):
    """A wildcard reaches to the end of its line and no further, and everything else is meant as it stands."""
    assert fits(expected, printed) is whether

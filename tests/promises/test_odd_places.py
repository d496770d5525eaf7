"""The program where things are odd: no streams, no terminal, no home, links in circles, pipes without an end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import monitor.app
from monitor.store import open_store
from probes.testing import Internet, Route, Site, page

pytestmark = pytest.mark.slow
GOOD = """\
targets:
- {id: herald, urls: ["http://127.0.0.1:9/"], name: Клооп}
- {id: library, urls: ["http://127.0.0.1:10/"], innocuous: true}
vantage_points:
- {id: here}
documented:
- {id: c, target: herald, country: KG, kind: blocked, date: 2023, note: Клооп, sources: [{url: doc:письмо}]}
"""


@pytest.fixture
def shell(tmp_path):
    """Run a line of shell in which $PC is the program on a data folder of its own, and $PR `python -m probes`."""
    (tmp_path / "targets.yaml").write_text(GOOD, encoding="utf-8")
    program = f"{sys.executable} -m monitor --config {tmp_path}/targets.yaml"

    def made(line, **environment):
        known = os.environ | {
            "PC": f"{program} --data-dir {tmp_path}/data",
            "BARE": program,
            "PR": f"{sys.executable} -m probes",
        }
        known = {name: value for name, value in (known | environment).items() if value is not None}
        return subprocess.run(
            ["bash", "-c", line], capture_output=True, text=True, check=False, timeout=60, env=known, cwd=tmp_path
        )

    return made


def one_line(errors: str) -> str:
    """What was said on standard error, which is one line."""
    (line,) = [line for line in errors.splitlines() if line.strip()]
    return line


@pytest.mark.parametrize("line", ["$PC run --once", "$PC status --json", "$PC --help", "$PR http://127.0.0.1:9/"])
def test_a_full_disk_behind_standard_output_is_one_line(shell, line):
    """What could not be printed is not called done; what was measured is stored all the same."""
    done = shell(f"{line} > /dev/full")
    assert done.returncode == 1
    assert "No space left on device" in one_line(done.stderr)


def test_without_standard_streams_it_measures_all_the_same(shell, tmp_path):
    """A supervisor may close all three; nothing that is printed ends in a file of the store."""
    assert shell("$PC run --once --json <&- >&- 2>&-").returncode == 0
    with open_store(tmp_path / "data", read_only=True) as store:
        assert len(store.outcomes()) == 2
    assert shell("$PR http://127.0.0.1:9/ <&- >&- 2>&-").returncode == 0


def test_who_reads_only_the_beginning_gets_it(shell):
    """`| head` ends the program in silence."""
    done = shell("$PC check --json 2>/dev/null | head -c 1; $PR http://127.0.0.1:9/ --json | head -c 1")
    assert (done.stdout, done.stderr) == ("{{", "")


def test_a_terminal_that_knows_only_ascii(shell):
    """Letters that cannot be shown are written out, and stop nothing."""
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = shell("$PC check --json; $PC check; $PR http://xn--j1acjaf.example:1/ --timeout 1 --doh none", **plain)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "\\u043f" in done.stdout


@pytest.mark.parametrize("columns", ["0", "20"])
def test_a_window_of_any_width(shell, columns):
    """A width of nothing hides nothing."""
    done = shell("$PC check", COLUMNS=columns)
    assert (done.returncode, "1 claims: 0 supported" in done.stdout) == (0, True)


@pytest.mark.parametrize("place", ["circle", "nowhere", "targets.yaml", "targets.yaml/below", "/proc/none"])
def test_a_data_folder_that_cannot_be_one(shell, tmp_path, place):
    """Links in circles or to nowhere, a file, a place where nothing can be made: one line and exit code 1."""
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "nowhere").symlink_to("gone")
    done = shell(f"$BARE --data-dir {place} run --once")
    assert done.returncode == 1
    assert place in one_line(done.stderr)


def test_without_a_home_a_folder_has_to_be_named(shell, monkeypatch):
    """A user without an entry and without $HOME is told what to do."""
    from monitor.cli.frame import CommandError, data_home

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(CommandError, match="name a data folder with --data-dir"):
        data_home()
    assert shell("$BARE status", HOME=None, XDG_DATA_HOME=None).returncode == 0


def opened_for_writing(pipe: Path, reader: subprocess.Popen[str]) -> int:
    """The writing end of a pipe, which there is no sooner than somebody reads; nothing is written."""
    while reader.poll() is None:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"it ended: {reader.communicate()}")


@pytest.mark.parametrize("command", ["check-config {}", "import ooni {}", "gallery {}"])
def test_waiting_for_a_pipe_ends_with_an_interrupt(tmp_path, command):
    """A named pipe that nobody writes to is waited for, as by any program, and Ctrl-C ends that without a traceback."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    arguments = [sys.executable, "-m", "monitor", "--data-dir", str(tmp_path / "data"), *command.format(pipe).split()]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        writer = opened_for_writing(pipe, process)
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=30)
        finally:
            process.kill()
            os.close(writer)
    assert process.returncode not in (0, None)
    assert "Traceback" not in errors


def test_a_pipe_that_is_written_to_is_a_file(shell):
    """`<(zcat day.jsonl.gz)` of a shell can be imported."""
    done = shell("""$PC import ooni <(echo '{"test_name": "ndt"}') --json""")
    assert done.returncode == 0
    assert '"ndt": 1' in done.stdout


CLOCK = """\
targets:
- {id: herald, urls: ["http://herald.example/"]}
- {id: library, urls: ["http://library.example/"], innocuous: true}
vantage_points:
- {id: here}
"""


async def test_a_clock_that_jumps_loses_nothing(country, monkeypatch):
    """Backwards by years, forwards by years: each measurement is stored under the time that it was told."""
    sites = tuple(
        Site(
            names=(f"{name}.example",),
            addresses=(f"93.184.{216 + n}.1",),
            routes=(Route(response=page(name, length=900)),),
        )
        for n, name in enumerate(("herald", "library"))
    )
    place = country(CLOCK)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for jump in (timedelta(0), timedelta(days=-4000), timedelta(days=4000), timedelta(seconds=1)):
        monkeypatch.setitem(monitor.app.App.__init__.__kwdefaults__, "clock", lambda time=now + jump: time)
        await place.run_once(Internet(sites=sites))
    with open_store(place.folder, read_only=True) as store:
        assert len(store.outcomes()) == 8
        assert {row.time - now for row in store.outcomes(target="herald")} == {
            timedelta(0), timedelta(days=-4000), timedelta(days=4000), timedelta(seconds=1)
        }  # fmt: skip
    assert all("Traceback" not in said for said in place.printed)
    assert (await place.pages())["/"]

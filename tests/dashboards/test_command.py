"""`presscanary dashboards`: writes, compares, and says in one line what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.cli import main
from monitor.metrics.dashboards import differing, files


def _run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["dashboards", *arguments])
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


def test_it_writes_every_file_and_then_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first run names what it wrote, the second finds the folder up to date."""
    assert _run(str(tmp_path / "new")) == 0
    assert capsys.readouterr().out.count("written: ") == len(files())
    assert _run(str(tmp_path / "new")) == 0
    assert "up to date" in capsys.readouterr().out
    assert differing(tmp_path / "new") == ()


def test_check_finds_a_changed_file_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--check exits 1, names the file and leaves it as it is; without differences it exits 0."""
    _run(str(tmp_path))
    assert _run(str(tmp_path), "--check") == 0
    changed = tmp_path / "prometheus" / "prometheus.yml"
    changed.write_bytes(b"\xff mine")
    capsys.readouterr()

    assert _run(str(tmp_path), "--check") == 1
    assert changed.name in capsys.readouterr().out
    assert changed.read_bytes() == b"\xff mine"


def test_a_file_in_the_folders_place_is_wrong_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error, exit code 2."""
    (tmp_path / "file").touch()

    assert _run(str(tmp_path / "file")) == 2
    assert "a folder was expected" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder below a file cannot be made: one line, exit code 1, no traceback."""
    (tmp_path / "file").touch()

    assert _run(str(tmp_path / "file" / "below")) == 1
    assert "cannot write" in capsys.readouterr().err

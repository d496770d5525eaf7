"""The tutorial for researchers runs: its blocks, in order, on a store with one blocking event."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.monitor.evidence.conftest import scene  # noqa: F401 - a fixture

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "analyse.md"


def test_every_block_of_the_tutorial_runs(scene, tmp_path, monkeypatch, capsys):  # noqa: F811
    """From opening the store to the witnesses of an event, as a reader would paste it."""
    pytest.importorskip("pandas", reason="the extra `frames` is not installed here")
    pytest.importorskip("polars", reason="the extra `frames` is not installed here")
    shutil.copytree(scene.data, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, os.fspath(PAGE), "exec"), names)
    names["canary"].close()

    said = capsys.readouterr().out
    assert scene.event.id in said
    assert "confirmed" in said

"""Kinds of probe are found by being there."""

from __future__ import annotations

import sys

import pytest

import probes.kinds
from probes.registry import all_probes


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder that counts as part of `probes.kinds`; nothing of it stays behind."""
    monkeypatch.setattr(probes.kinds, "__path__", [str(tmp_path)])
    all_probes.cache_clear()
    yield tmp_path
    all_probes.cache_clear()
    for name in [name for name in sys.modules if name.startswith("probes.kinds.made_for_test")]:
        del sys.modules[name]


def test_the_shipped_kinds() -> None:
    """The website probe is found under its name, and the finding cannot be changed."""
    assert "website" in all_probes()
    with pytest.raises(TypeError):
        all_probes()["x"] = None


def test_a_new_file_is_a_new_kind(folder) -> None:
    """A module that exposes a PROBE is found without being registered anywhere."""
    source = "from probes.kinds import Probe\nPROBE = Probe(name='new', version='1', measure=None)\n"
    (folder / "made_for_test_new.py").write_text(source)
    assert list(all_probes()) == ["new"]


def test_a_file_without_a_probe(folder) -> None:
    """A module in the folder that exposes none is a mistake that is named."""
    (folder / "made_for_test_empty.py").write_text("PROBE = 1\n")
    with pytest.raises(TypeError, match="made_for_test_empty exposes no PROBE"):
        all_probes()


def test_two_of_one_name(folder) -> None:
    """Two kinds of the same name are a mistake that is named."""
    source = "from probes.kinds import Probe\nPROBE = Probe(name='twin', version='1', measure=None)\n"
    for name in ("one", "two"):
        (folder / f"made_for_test_{name}.py").write_text(source)
    with pytest.raises(TypeError, match="another probe called 'twin'"):
        all_probes()

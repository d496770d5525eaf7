"""The blackbox.yml that `web.blackbox` names: read with the configuration, and its mistakes told there."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import ConfigError, load

TARGETS = "targets: [{id: a, urls: [http://a/]}]\nweb: {blackbox: modules/blackbox.yml, blackbox_allow: [10.0.0.0/8]}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A configuration that names a file which is not there yet."""
    (tmp_path / "modules").mkdir()
    made = tmp_path / "targets.yaml"
    made.write_text(TARGETS, encoding="utf-8")
    return made


def _mistake(path: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        load(path)
    (problem,) = refused.value.problems
    return str(problem)


def test_modules_are_read_beside_the_configuration(path: Path) -> None:
    """Relative to the configuration's own folder; without the key there are none."""
    (path.parent / "modules" / "blackbox.yml").write_text("modules: {mine: {prober: tcp}}", encoding="utf-8")
    web = load(path).web

    assert web.blackbox is not None
    assert list(web.blackbox) == ["mine"]
    assert web.blackbox_allow == ("10.0.0.0/8",)
    path.write_text("targets: [{id: a, urls: [http://a/]}]\n", encoding="utf-8")
    assert load(path).web.blackbox is None


def test_a_file_that_is_not_there_is_a_mistake_of_the_configuration(path: Path) -> None:
    """Told at the key that names it, with the file's name."""
    told = _mistake(path)

    assert "targets.yaml:2:" in told
    assert "blackbox.yml: No such file" in told


@pytest.mark.parametrize(
    ("content", "says"), [(b"modules: {a: {prober: icmp}}", "modules.a.prober"), (b"\xff\xfe", "is not text")]
)
def test_a_mistake_in_it_is_told_with_its_place(path: Path, content: bytes, says: str) -> None:
    """The place in the other file is in the message."""
    (path.parent / "modules" / "blackbox.yml").write_bytes(content)

    assert says in _mistake(path)

"""`presscanary status-page`: the public page as files."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from monitor.cli import main


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command over an empty data folder: exit code, output, errors."""
    config = tmp_path / "targets.yaml"
    config.write_text('targets: [{id: kloop, urls: ["https://kloop.kg/"]}]\n')

    def made(*arguments):
        with pytest.raises(SystemExit) as left:
            main(["--config", str(config), "--data-dir", str(tmp_path / "data"), "status-page", *map(str, arguments)])
        printed = capsys.readouterr()
        return left.value.code, printed.out, printed.err

    return made


def test_the_page_is_written_in_every_language(run, tmp_path):
    """Pages that lead to each other by relative names, their style, and badges; written anew it is the same set."""
    folder = tmp_path / "www" / "status"
    code, printed, _ = run("-o", folder, "--json")
    page = (folder / "index.html").read_text(encoding="utf-8")

    assert code == 0
    assert json.loads(printed) == [
        "badge/kloop.ky.svg",
        "badge/kloop.ru.svg",
        "badge/kloop.svg",
        "favicon.svg",
        "index.html",
        "index.ky.html",
        "index.ru.html",
        "style.css",
    ]
    assert 'href="index.ru.html"' in page
    assert 'href="style.css"' in page
    assert "kloop.kg" in page
    assert 'lang="ru"' in (folder / "index.ru.html").read_text(encoding="utf-8")
    ET.parse(folder / "badge" / "kloop.svg")
    assert run("-o", folder)[0] == 0
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*")) == json.loads(printed)


def test_a_folder_that_cannot_be_is_told(run, tmp_path):
    """One line with the name, and exit code 1."""
    (tmp_path / "file").write_text("")
    code, _, errors = run("-o", tmp_path / "file")

    assert code == 1
    assert len(errors.strip().splitlines()) == 1
    assert "file" in errors
    assert run()[0] == 2

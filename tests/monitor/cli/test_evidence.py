"""`presscanary evidence` and `verify`: from a stored event to a package that holds, and one line for what does not."""

from __future__ import annotations

import json
import shutil

import pytest

from monitor.cli import main
from tests.monitor.evidence.conftest import scene  # noqa: F401 - a fixture

SETTINGS = """
targets:
  - {id: kloop, urls: ["https://kloop.kg/"]}
vantage_points:
  - {id: kg-1, country: KG, network: AS64500}
"""


@pytest.fixture
def run(scene, tmp_path, capsys):  # noqa: F811
    """Run a command on a copy of the scene's data folder: exit code, output, errors."""
    shutil.copytree(scene.data, tmp_path / "data")
    (tmp_path / "targets.yaml").write_text(SETTINGS)

    def made(*arguments):
        code = 0
        try:
            main(["--data-dir", str(tmp_path / "data"), "--config", str(tmp_path / "targets.yaml"), *arguments])
        except SystemExit as end:
            code = end.code or 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return made


def test_an_event_becomes_a_package_that_holds(run, scene, tmp_path):  # noqa: F811
    """The command says what it wrote and with which key; `verify` finds it to be what was signed, in words and JSON."""
    folder = str(tmp_path / "package")
    code, printed, told = run("evidence", scene.event.id, "-o", folder, "--language", "ky")
    assert (code, "the detector finds the same event" in printed) == (0, True), printed + told
    assert "No trusted time" in told
    code, printed, _ = run("verify", folder, "--key", scene.key.public.fingerprint)
    assert (code, printed.splitlines()[-1]) == (0, "This package is what was signed.")
    (tmp_path / "package/data/report.txt").write_text("another story")
    code, printed, told = run("verify", folder)
    assert (code, printed.splitlines()[-1]) == (1, "This package is NOT what was signed.")
    assert "NOT OK: data/report.txt was changed" in told
    assert json.loads(run("verify", folder, "--json")[1])["faults"] == ["data/report.txt was changed"]


def test_a_head_is_signed_where_none_covers_the_facts(run, scene, tmp_path):  # noqa: F811
    """Without a head yet, the command signs one, so that every document is proved."""
    (tmp_path / "data/log/heads.jsonl").unlink()
    made = json.loads(run("evidence", scene.event.id, "-o", str(tmp_path / "package"), "--json")[1])
    assert made["documents"] == made["proved"] > 100


def test_few_documents_are_still_a_package(run, scene, tmp_path):  # noqa: F811
    """With room for ten documents the rest stands in the tables, and the detector finds the same."""
    made = json.loads(run("evidence", scene.event.id, "-o", str(tmp_path / "few"), "--documents", "10", "--json")[1])
    assert made["reproduced"]
    assert made["documents"] < 100
    assert run("verify", str(tmp_path / "few"))[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["evidence", "nothing", "-o", "new"], 1, "there is no event 'nothing'"),
        (["evidence", "EVENT", "-o", "."], 1, "exists already"),
        (["evidence", "EVENT", "-o", "new", "--stamp", "https://tsa.example/"], 2, "belong together"),
        (
            ["evidence", "EVENT", "-o", "new", "--stamp", "nowhere", "--chain", __file__],
            2,
            "--stamp: expected an address",
        ),
        (["evidence", "EVENT", "-o", "new", "--stamp", "https://t.example/", "--chain", __file__], 2, "no certificate"),
        (["evidence", "EVENT", "-o", "new", "--stamp", "https://t.example/", "--chain", "nofile"], 2, "cannot be read"),
        (["verify", "/"], 2, "is no evidence package"),
        (["verify", "PACKAGE", "--key", "abc"], 2, "expected a fingerprint"),
    ],
)
def test_wrong_input_is_one_line(run, scene, tmp_path, arguments, code, told):  # noqa: F811, PLR0917
    """What is wrong is named, with the exit code of its kind, and nothing is written."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package/bagit.txt").touch()
    names = {"EVENT": scene.event.id, "new": str(tmp_path / "new"), "PACKAGE": str(tmp_path / "package")}
    found, _, said = run(*(names.get(argument, argument) for argument in arguments))
    assert (found, said.count("\n")) == (code, 1), said
    assert told in said
    assert not (tmp_path / "new").exists()


def test_a_lost_key_is_told(run, scene, tmp_path):  # noqa: F811
    """Without the log's key nothing can be signed, and a new one is not made in silence."""
    (tmp_path / "data/log/key").unlink()
    code, _, said = run("evidence", scene.event.id, "-o", str(tmp_path / "new"))
    assert (code, "key" in said) == (1, True)

"""`presscanary store`: each verb does what it says, in words and in JSON, and says in one line why it does not."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.model import State
from monitor.store import engine, open_store

STORE = Path(__file__).parents[1] / "store"
T0 = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def config(tmp_path):
    """A configuration that keeps raw results for 60 days and is over its limit at once."""
    path = tmp_path / "targets.yaml"
    path.write_text('targets: [{id: kloop, urls: ["http://a.example/"]}]\nstore: {raw: 60d, limit: 1KB}\n')
    return path


@pytest.fixture
def run(tmp_path, capsys, config):
    """Run one verb: exit code, output, errors."""

    def made(*arguments, data="data"):
        with pytest.raises(SystemExit) as left:
            main(["--config", str(config), "--data-dir", str(tmp_path / data), "store", *map(str, arguments)])
        printed = capsys.readouterr()
        return left.value.code, printed.out, printed.err

    return made


@pytest.fixture
def filled(tmp_path):
    """A closed store with a hundred results of early 2024."""
    spec = importlib.util.spec_from_file_location("appender", STORE / "appender.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    with open_store(tmp_path / "data") as store:
        store.append_all(
            (*made.entry(n, time=T0 + timedelta(hours=12 * n), state=State.OK if n % 9 else State.DOWN), None)
            for n in range(100)
        )
    return tmp_path / "data"


def test_a_store_is_sealed_compacted_and_verified(run, filled):
    """Seal, compact and verify print what they did, the second time that there is nothing to do."""
    pytest.importorskip("duckdb")
    code, said, _ = run("seal", "--json")
    assert (code, json.loads(said)["rows"], len(json.loads(said)["segments"])) == (0, 100, 2)
    assert run("seal")[:2][1].startswith("Nothing before ")
    assert run("compact", "--json")[:2] == (0, '{\n  "segments": [],\n  "rows": 0\n}\n')
    code, said, _ = run("verify", "--json")
    assert (code, json.loads(said)["problems"], json.loads(said)["checked"]["rows"]) == (0, [], 100)
    assert "Everything is as it was written." in run("verify")[1]
    code, said, _ = run("status", "--json")
    assert {name: json.loads(said)[name] for name in ("tail_rows", "sealed_rows", "over_limit")} == {
        "tail_rows": 0, "sealed_rows": 100, "over_limit": True
    }  # fmt: skip


def test_a_store_over_its_limit_says_so(run, filled):
    """`status` says in a sentence that the limit is passed, that nothing is lost, and what to do."""
    code, said, _ = run("status")
    assert code == 0
    assert "over its limit of 1e-06 GB. Everything is still measured and kept" in said.replace("\n", " ")


def test_without_the_engine_a_store_still_works(run, filled, monkeypatch):
    """Where DuckDB is missing, `status` says that the tail grows, and `seal` how to get it, with exit code 1."""
    monkeypatch.setattr(engine, "available", lambda: False)
    assert "DuckDB is missing: pip install 'presscanary[store]'" in run("status")[1].replace("\n", " ")
    code, _, said = run("seal")
    assert (code, "pip install 'presscanary[store]'" in said, said.count("\n")) == (1, True, 1)
    assert run("verify")[0] == 0


def test_a_store_is_pruned_after_asking(run, filled):
    """`prune` says what it will remove and does nothing unasked; with --yes it does."""
    code, _, said = run("prune")
    assert (code, "removes for good: results older than 60 days; say --yes" in said) == (2, True)
    code, said, _ = run("prune", "--yes", "--json")
    assert (code, json.loads(said)["rows"]) == (0, 99)


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_a_backup_comes_back(run, filled, tmp_path, name):
    """`backup` and `restore` say where and how much, and the restored store verifies."""
    code, said, _ = run("backup", tmp_path / name, "--json")
    assert (code, json.loads(said)["files"]) == (0, 2)
    assert run("restore", tmp_path / name, data="back")[0] == 0
    assert run("verify", data="back")[0] == 0
    code, _, said = run("restore", tmp_path / name)
    assert (code, "there is a store in" in said) == (1, True)


def test_an_old_store_is_migrated(run, tmp_path):
    """`status` of a store of version 1 names the command; `migrate` says from where to where."""
    with tarfile.open(STORE / "data" / "version-1.tar.xz") as tar:
        tar.extractall(tmp_path, filter="data")
    shutil.move(tmp_path / "version-1", tmp_path / "data")
    code, _, said = run("status")
    assert (code, "`presscanary store migrate`" in said) == (1, True)
    code, said, _ = run("migrate", "--json")
    assert (code, json.loads(said)["from"]) == (0, 1)
    assert "already" in run("migrate")[1]
    assert run("status")[0] == 0


def test_a_spoilt_store_is_told_and_is_exit_code_1(run, filled):
    """Each problem that `verify` finds is one line with its place."""
    with closing(sqlite3.connect(filled / "store.db")) as connection, connection:
        connection.execute("UPDATE daily SET ok = ok + 1")
    code, _, said = run("verify")
    assert code == 1
    assert all(line.startswith("daily: day ") for line in said.splitlines())


@pytest.mark.parametrize("verb", ["status", "seal", "compact", "verify", "prune", "migrate"])
def test_where_there_is_no_store_every_verb_says_so(run, verb):
    """One line, exit code 1, and no store is made by looking after it."""
    code, said, errors = run(verb, *(["--yes"] if verb == "prune" else []), data="nothing")
    assert (code, said, errors.count("\n")) == (1, "", 1)
    assert "there is no store in" in errors


@pytest.mark.parametrize(
    "arguments", [("seal", "--before", "soon"), ("backup",), ("restore",), ("polish",), ("seal", "extra")]
)
def test_wrong_input_is_exit_code_2(run, filled, arguments):
    """A date that is none, a missing place, a verb or argument that nobody knows."""
    code, _, said = run(*arguments)
    assert (code, "Traceback" in said) == (2, False)


def test_a_store_that_is_written_to_is_busy(run, filled):
    """Verbs that write leave a store alone that another writer has; those that read do not mind."""
    with open_store(filled):
        for verb in ("seal", "compact"):
            code, _, said = run(verb)
            assert (code, "already writes to" in said) == (1, True)
        assert run("status")[0] == run("verify")[0] == 0

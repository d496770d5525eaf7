"""`presscanary log`: heads that can be kept elsewhere, proofs, and an audit that finds what was rewritten."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.log import Consistency, Inclusion, open_writing
from monitor.store import open_folder
from probes.document import canonical, document, record_from
from tests.monitor.store import appender


@pytest.fixture
def run(tmp_path, capsys):
    """Run `presscanary log` on a data folder of its own: exit code, output, errors."""

    def made(*arguments):
        code = 0
        try:
            main(["--data-dir", str(tmp_path / "data"), *arguments])
        except SystemExit as end:
            code = end.code or 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return made


@pytest.fixture
def stored(tmp_path):
    """Store made-up measurements by number; the SHA-256 of each document."""

    def made(*numbers):
        entries = [appender.entry(number) for number in numbers]
        with open_folder(tmp_path / "data") as store:
            store.append_all([(*entry, None) for entry in entries])
        return [hashlib.sha256(canonical(document(measurement))).hexdigest() for measurement, _ in entries]

    return made


def test_a_head_is_one_line_that_can_be_kept(run, stored):
    """It says how much is in the log under which root; --all prints those before it, and nothing new is no new head."""
    stored(1, 2, 3)
    first = json.loads(run("log", "head", "--json")[1])
    assert run("log", "head", "--json")[1].count("\n") == 1
    stored(4)
    code, printed, _ = run("log", "head", "--all", "--json")
    heads = [json.loads(line) for line in printed.splitlines()]
    assert (code, [head["size"] for head in heads], heads[0]) == (0, [3, 4], first)
    code, printed, _ = run("log", "head")
    assert code == 0
    assert heads[1]["root"] in printed
    assert "ssh-ed25519 AAAA" in printed


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed here")
def test_openssh_finds_a_head_good(run, stored, tmp_path):
    """A head is checked without us: its JSON without the signature, `ssh-keygen`, and the public key."""
    stored(1)
    told = json.loads(run("log", "head", "--json")[1])
    (tmp_path / "signature").write_text(told.pop("signature"))
    key = (tmp_path / "data" / "log" / "key.pub").read_text()
    (tmp_path / "allowed").write_text(f"log {key}")
    command = ["ssh-keygen", "-Y", "verify", "-f", tmp_path / "allowed", "-I", "log", "-n", "tree-head@presscanary"]
    message = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    done = subprocess.run([*command, "-s", tmp_path / "signature"], input=message, capture_output=True, check=False)
    assert done.stdout.startswith(b"Good"), done


def test_a_measurement_is_proved(run, stored):
    """The proof that a stored measurement is in the log holds by itself, for its id as for its hash."""
    hashes = stored(*range(5))
    for wanted in (hashes[2], hashes[2][:32], hashes[2].upper()):
        code, printed, _ = run("log", "prove", wanted, "--json")
        proof = record_from(Inclusion, json.loads(printed))
        assert (code, proof.entry, proof.index, proof.size, proof.holds) == (0, hashes[2], 2, 5, True)
    code, printed, _ = run("log", "prove", hashes[2], "--size", "3")
    assert code == 0
    assert "Entry 2 of 3" in printed


def test_a_longer_log_is_shown_to_begin_with_a_shorter(run, stored):
    """--from gives the proof between two sizes, or from one to now."""
    stored(*range(5))
    code, printed, _ = run("log", "prove", "--from", "3", "--json")
    proof = record_from(Consistency, json.loads(printed))
    assert (code, proof.first, proof.second, proof.holds) == (0, 3, 5, True)
    assert "begins with that of 2" in run("log", "prove", "--from", "2", "--size", "4")[1]


def test_an_audit_finds_what_was_rewritten(run, stored, tmp_path):
    """A sound log passes; one made anew with the same key passes alone, and fails beside a head kept elsewhere."""
    stored(*range(5))
    (tmp_path / "head").write_text(run("log", "head", "--json")[1])
    code, printed, _ = run("log", "audit", "--head", str(tmp_path / "head"))
    said = "5 entries, 1 signed heads and 1 kept elsewhere checked.\nThe log is what was signed.\n"
    assert (code, printed) == (0, said)
    for name in ("entries", "size.json", "heads.jsonl"):
        (tmp_path / "data" / "log" / name).unlink()
    with open_writing(tmp_path / "data" / "log") as log:
        log.append([b"\0" * 32], 0)
    assert run("log", "audit")[0] == 0
    code, printed, told = run("log", "audit", "--head", str(tmp_path / "head"))
    assert (code, "are not those that were signed" in told) == (1, True)
    assert json.loads(run("log", "audit", "--head", str(tmp_path / "head"), "--json")[1])["faults"]


def test_beside_a_running_monitor_the_log_is_read(run, stored, tmp_path):
    """Whoever writes to the log keeps it; the commands print what is there."""
    stored(1, 2)
    run("log", "head")
    with open_writing(tmp_path / "data" / "log") as log:
        log.append([b"\0" * 32], 9)
        code, printed, told = run("log", "head")
        assert (code, "entries      2" in printed) == (0, True)
        assert "1 entries came since" in told
        assert run("log", "audit")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["prove"], "one of both"),
        (["prove", "ab" * 16, "--from", "1"], "one of both"),
        (["prove", "kloop"], "no id of a measurement"),
        (["prove", "ab" * 16, "--size", "many"], "--size is a number"),
        (["prove", "ab" * 16, "--size", "99"], "holds 1 entries, not 99"),
        (["prove", "--from", "-1"], "--from is a number"),
        (["audit", "--head", "nowhere"], "cannot be read"),
        (["audit", "--head", __file__], "holds no heads"),
    ],
)
def test_wrong_input_is_exit_code_2(run, stored, arguments, told):
    """Each wrong argument is one line that names it."""
    stored(1)
    code, _, said = run("log", *arguments)
    assert (code, said.count("\n")) == (2, 1)
    assert told in said


def test_what_is_not_there_is_exit_code_1(run, stored, tmp_path):
    """No store, an empty one, an unknown measurement and a damaged log each are one line."""
    assert (run("log", "head")[0], run("log", "audit")[0]) == (1, 1)
    with open_folder(tmp_path / "data"):
        pass
    assert "nothing was logged yet" in run("log", "head")[2]
    stored(1)
    assert "not among the log's 1 entries" in run("log", "prove", "ab" * 16)[2]
    (tmp_path / "data" / "log" / "size.json").write_text("{")
    code, _, said = run("log", "audit")
    assert (code, "is damaged (size.json)" in said) == (1, True)


def test_a_backup_has_the_log_and_its_way_back_too(run, stored, tmp_path):
    """A restored folder has the same log under the same key, and goes on with it."""
    stored(1, 2, 3)
    head = run("log", "head", "--json")[1]
    assert run("store", "backup", str(tmp_path / "copy.tar"))[0] == 0
    shutil.rmtree(tmp_path / "data")
    assert run("store", "restore", str(tmp_path / "copy.tar"))[0] == 0
    assert run("log", "head", "--json")[1] == head
    stored(4)
    assert json.loads(run("log", "head", "--json")[1])["size"] == 4
    Path(tmp_path / "head").write_text(head)
    assert run("log", "audit", "--head", str(tmp_path / "head"))[0] == 0

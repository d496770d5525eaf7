"""`presscanary fleet`: what the verbs do, print and refuse."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from monitor.cli import main
from monitor.fleet import FolderDatabase, Member, Status, flags, tokens

NOW = datetime.now(UTC)


@pytest.fixture
def run(tmp_path, capsys):
    """Run a command: exit code, output, errors."""

    def made(*arguments):
        with pytest.raises(SystemExit) as left:
            main(["--data-dir", str(tmp_path / "data"), "fleet", *map(str, arguments)])
        printed = capsys.readouterr()
        return left.value.code or 0, printed.out, printed.err

    return made


@pytest.fixture
def fleet(tmp_path):
    """The database of the data folder that the commands work on."""
    database = FolderDatabase(tmp_path / "data")
    yield database
    database.close()


def invited(run, vantage="kg-1", *more):
    code, printed, _ = run("token", vantage, "--country", "KG", "--network", "AS12997", "--json", *more)
    assert code == 0
    return json.loads(printed)["token"]


def enrol(fleet, secret, key="SHA256:one"):
    facts = {"vantage": "", "country": "", "network": "AS0", "role": "", "status": Status.PENDING, "enrolled": NOW}
    consent = json.dumps({"document": {"categories": ["media"], "vetoed_targets": ["kloop-ru"]}, "signature": ""})
    member = Member(key=key, public="ssh-ed25519 AAAA", consent=consent, risk=1, consented="", **facts)
    return tokens.enrol(fleet, secret, member, now=NOW)


def test_from_invitation_to_revocation(run, fleet):
    """The verbs in the order in which a team needs them, each seen in the list and in the record."""
    assert "Nobody is enrolled yet" in run("list")[1]
    enrol(fleet, invited(run))
    (row,) = json.loads(run("list", "--json")[1])
    assert (row["vantage"], row["status"], row["health"], row["lag"]) == ("kg-1", "pending", "unknown", None)
    assert run("approve", "kg-1")[0] == 0
    assert run("quarantine", "kg-1", "--why", "contrary to the canaries")[:2] == (0, "kg-1 has no vote\n")
    (row,) = json.loads(run("list", "--json")[1])
    assert (row["status"], row["why"]) == ("quarantined", "contrary to the canaries")
    assert run("quarantine", "kg-1", "--release")[:2] == (0, "kg-1 has its vote again\n")
    enrol(fleet, json.loads(run("rotate", "kg-1", "--json")[1])["token"], "SHA256:two")
    assert run("revoke", "kg-1", "--why", "seized")[0] == 0

    assert json.loads(run("list", "--json")[1]) == []
    rows = json.loads(run("list", "--all", "--json")[1])
    assert [row["status"] for row in rows] == ["replaced", "revoked"]
    told = json.loads(run("audit", "--json")[1])
    assert told["whole"]
    assert [entry["action"] for entry in told["entries"]] == [
        "token", "enrolled", "approved", "quarantined", "released", "token", "replaced", "enrolled", "revoked",
    ]  # fmt: skip


def test_show_tells_consent_flags_and_record(run, fleet):
    """`show` names the vetoes, each flag with its count, and the lines of the record."""
    member = enrol(fleet, invited(run, "kg-1", "--approve"))
    fleet.write(lambda connection: flags.wave(connection, member, "clock", "10 minutes off", now=NOW))
    code, printed, _ = run("show", "kg-1")
    assert code == 0
    for word in ("approved", "kloop-ru", "clock: 10 minutes off (1 times", "enrolled", "SHA256:one"):
        assert word in printed
    told = json.loads(run("show", "kg-1", "--json")[1])
    assert told["consent"]["vetoed_targets"] == ["kloop-ru"]
    assert [flag["kind"] for flag in told["flags"]] == ["clock"]
    assert "kg-1" in run("list")[1]


def test_a_token_is_shown_once(run):
    """It is printed when it is made; neither list nor record shows it."""
    secret = invited(run)
    assert secret.startswith("pct_")
    assert secret not in "".join(map(str, (run("list", "--all", "--json"), run("audit", "--json"))))
    assert "Shown only now" in run("token", "kg-2", "--country", "kg")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("token", "kg-1", "--country", "Kyrgyzstan"), "--country: expected two letters"),
        (("token", "kg-1", "--country", "KG", "--network", "12997"), "--network: expected AS and its number"),
        (("token", "kg-1", "--country", "KG", "--role", "judge"), "--role: expected vantage or control"),
        (("token", "Aida's phone", "--country", "KG"), "a-z, 0-9 and -"),
        (("show", "kg-1"), "was ever enrolled"),
        (("approve", "kg-1"), "has a key that holds"),
        (("revoke", "kg-1"), "has a key that holds"),
        (("rotate", "kg-1"), "was ever enrolled"),
        (("quarantine", "kg-1"), "was ever enrolled"),
        (("quarantine", "kg-1", "--release", "--why", "x"), "not with --release"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(run, arguments, said):
    """What cannot be done is said in one line on standard error."""
    code, printed, told = run(*arguments)
    assert (code, printed) == (2, "")
    assert said in told
    assert len(told.strip().splitlines()) == 1


def test_a_database_that_cannot_be_read_is_a_fault(run, tmp_path):
    """A file of somebody else's is exit code 1, and is left as it is."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "fleet.db").write_bytes(b"not a database at all, " * 50)
    code, _, told = run("list")
    assert (code, len(told.strip().splitlines())) == (1, 1)
    assert (tmp_path / "data" / "fleet.db").read_bytes().startswith(b"not a database")

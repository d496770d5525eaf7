"""`presscanary user`, `key` and `audit`: what they do, print and refuse; no secret is on a command line or listed."""

from __future__ import annotations

import json
import sqlite3

import pytest

from monitor.access import Database, UserRole, keys, users
from monitor.cli import main
from monitor.cli.key import SCOPES
from monitor.cli.user import now
from monitor.web.api.resources import all_resources

PASSWORD = "twelve chars or more"


@pytest.fixture
def database(tmp_path):
    """The database of the data folder that the commands work on."""
    return Database(tmp_path / "data")


@pytest.fixture
def secret(tmp_path):
    """A file with a password."""
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n")
    return path


@pytest.fixture
def run(tmp_path, capsys):
    """Run a command: exit code, output, errors."""

    def made(*arguments):
        with pytest.raises(SystemExit) as left:
            main(["--data-dir", str(tmp_path / "data"), *map(str, arguments)])
        printed = capsys.readouterr()
        return left.value.code, printed.out, printed.err

    return made


def test_a_user_is_added_listed_and_removed(run, database, secret):
    """From a file: the password opens; the list has no hash; who was removed signs in no more."""
    assert run("user", "add", "aida", "--role", "operator", "--password-file", secret)[0] == 0
    assert users.sign_in(database, "aida", PASSWORD, "", now=now()).role is UserRole.OPERATOR
    code, printed, _ = run("user", "list", "--json")
    (row,) = json.loads(printed)

    assert (code, row["name"], row["role"], row["totp"], set(row)) == (
        0,
        "aida",
        "operator",
        False,
        {"name", "role", "created", "totp"},
    )
    assert "aida" in run("user", "list")[1]
    assert run("user", "remove", "aida")[0] == 0
    assert users.sign_in(database, "aida", PASSWORD, "", now=now()) is None
    assert "Nobody may sign in yet" in run("user", "list")[1]


def test_a_password_is_asked_for_twice(run, database, monkeypatch):
    """On a terminal nothing needs a file; without one the command says what to do instead of waiting."""
    assert run("user", "add", "aida")[0] == 2
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    asked = []
    monkeypatch.setattr("typer.prompt", lambda text, **how: asked.append(how) or PASSWORD)

    assert run("user", "add", "aida")[0] == 0
    assert asked == [{"hide_input": True, "confirmation_prompt": True}]
    assert users.sign_in(database, "aida", PASSWORD, "", now=now()) is not None


def test_another_password_and_a_code(run, database, secret, tmp_path):
    """`passwd` takes the old one away; `totp` prints the secret once and asks for codes until it is switched off."""
    run("user", "add", "aida", "--password-file", secret)
    other = tmp_path / "other"
    other.write_text("another long password")
    assert run("user", "passwd", "aida", "--password-file", other)[0] == 0
    assert users.sign_in(database, "aida", PASSWORD, "", now=now()) is None
    assert "otpauth://totp/Press%20Canary:aida?secret=" in run("user", "totp", "aida")[1]
    assert users.sign_in(database, "aida", "another long password", "", now=now()) is None
    assert run("user", "totp", "aida", "--off")[0] == 0
    assert users.sign_in(database, "aida", "another long password", "", now=now()) is not None


def test_a_key_is_shown_once(run, database):
    """`add` prints it, it opens, `list` never shows it, `revoke` ends it."""
    code, printed, _ = run("key", "add", "feed", "--scope", "events", "--scope", "series", "--days", 7)
    secret = printed.split()[-1]
    found = keys.find(database, secret, now=now())

    assert (code, found.scopes) == (0, ("events", "series"))
    assert secret not in run("key", "list")[1] + run("key", "list", "--json")[1]
    assert run("key", "revoke", "feed")[0] == 0
    assert keys.find(database, secret, now=now()) is None
    assert json.loads(run("key", "list", "--json")[1])[0]["revoked"] is not None


def test_the_record_tells_and_is_checked(run, database, secret):
    """`audit` has a line for each change; a line that was tampered with is a fault with its number."""
    run("user", "add", "aida", "--password-file", secret)
    run("key", "add", "feed")
    said = json.loads(run("audit", "--json")[1])

    assert said["whole"] is True
    assert [(entry["actor"], entry["action"]) for entry in said["entries"]] == [
        ("command line", "user.add"),
        ("command line", "key.add"),
    ]
    assert "key.add" in run("audit", "--since", "2020-01-01")[1]
    assert json.loads(run("audit", "--since", "2999-01-01", "--json")[1])["entries"] == []
    with sqlite3.connect(database.path) as connection:
        connection.execute("DROP TRIGGER audit_stays")
        connection.execute("UPDATE audit SET subject = 'bek viewer' WHERE number = 1")
    connection.close()
    code, _, errors = run("audit")
    assert (code, errors.splitlines()) == (1, ["line 1 of the record is missing, or is not the one that was written"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("user", "add", "Aida B", "--password-file", "PASSWORD"), "a user's name is made of"),
        (("user", "add", "aida", "--role", "king", "--password-file", "PASSWORD"), "expected viewer or operator"),
        (("user", "add", "aida", "--role", "public", "--password-file", "PASSWORD"), "viewer or operator, not public"),
        (("user", "add", "aida", "--password-file", "/nowhere"), "/nowhere: No such file or directory"),
        (("user", "remove", "nobody"), "there is no user 'nobody'"),
        (("user", "passwd", "nobody", "--password-file", "PASSWORD"), "there is no user 'nobody'"),
        (("user", "totp", "nobody"), "there is no user 'nobody'"),
        (("key", "add", "feed", "--scope", "everything"), "--scope 'everything': expected one of targets"),
        (("key", "add", "a key"), "a key's name is made of"),
        (("key", "revoke", "nothing"), "there is no key 'nothing' that holds"),
        (("audit", "--since", "yesterday"), "--since: expected a date or time"),
    ],
)
def test_wrong_input_is_one_line(run, secret, arguments, message):
    """Exit code 2, and what was expected."""
    code, _, errors = run(*(secret if each == "PASSWORD" else each for each in arguments))

    assert code == 2
    assert message in errors
    assert len(errors.strip().splitlines()) == 1


def test_scopes_are_the_resources_there_are() -> None:
    """A new resource of the API can be named in a key, and what is gone cannot."""
    assert set(SCOPES) == {resource.name for resource in all_resources()} | {
        "health",
        "state",
        "metrics",
        "alertmanager",
        "probe",
    }

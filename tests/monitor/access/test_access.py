"""Who gets in, who does not, what is kept of it, and that nothing kept opens a door."""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.access import AccessError, Database, UserRole, audit, keys, sessions, throttle, totp, users

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PASSWORD = "twelve chars or more"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A folder where one user, aida, may sign in."""
    made = Database(tmp_path / "data")
    users.add(made, "aida", UserRole.VIEWER, PASSWORD, now=NOW, actor="test")
    return made


def test_a_right_password_opens_and_a_wrong_one_does_not(database):
    """The user comes with their role; a wrong password, an unknown name and an empty one are the same to the caller."""
    assert users.sign_in(database, "aida", PASSWORD, "", now=NOW).role is UserRole.VIEWER
    for name, password in (("aida", PASSWORD + " "), ("aida", ""), ("nobody", PASSWORD), ("nobody", ""), ("", "")):
        assert users.sign_in(database, name, password, "", now=NOW) is None


def test_no_file_shows_a_secret(database):
    """Passwords are argon2id hashes, sessions and keys SHA-256; only the owner reads the file."""
    user = users.sign_in(database, "aida", PASSWORD, "", now=NOW)
    session = sessions.begin(database, user, now=NOW)
    key = keys.add(database, "grafana", UserRole.VIEWER, (), NOW + timedelta(days=1), now=NOW, actor="test")
    content = database.path.read_bytes()

    assert b"$argon2id$v=19$m=19456,t=2,p=1$" in content
    assert not any(secret.encode() in content for secret in (PASSWORD, session, key, key.removeprefix("pck_")))
    assert stat.S_IMODE(database.path.stat().st_mode) == 0o600


def test_guessing_becomes_slow(database):
    """After five refusals in a row even the right password waits; the wait ends, and success begins anew."""
    for _ in range(throttle.FREE + 1):
        assert users.sign_in(database, "aida", "wrong", "", now=NOW) is None

    assert users.sign_in(database, "aida", PASSWORD, "", now=NOW + timedelta(seconds=1)) is None
    assert users.sign_in(database, "aida", PASSWORD, "", now=NOW + timedelta(seconds=3)) is not None
    for _ in range(throttle.FREE):
        users.sign_in(database, "aida", "wrong", "", now=NOW)
    assert users.sign_in(database, "aida", PASSWORD, "", now=NOW) is not None


def test_guesses_at_the_same_time_do_not_slip_through(database):
    """Twenty guesses at once are not twenty free ones: the right one among the last waits as well."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: users.sign_in(database, "aida", "wrong", "", now=NOW), range(8)))

    assert users.sign_in(database, "aida", PASSWORD, "", now=NOW + timedelta(seconds=1)) is None


def test_a_code_is_asked_for_and_works_once(database):
    """With TOTP a password alone does not open, nor a code of yesterday, nor the same code twice."""
    secret = totp.new_secret()
    users.set_totp(database, "aida", secret, now=NOW, actor="test")
    step = int(NOW.timestamp()) // totp.PERIOD
    given = totp.code(secret, step)

    assert users.sign_in(database, "aida", PASSWORD, "", now=NOW) is None
    assert users.sign_in(database, "aida", PASSWORD, totp.code(secret, step - 2880), now=NOW) is None
    assert users.sign_in(database, "aida", PASSWORD, f"{given[:3]} {given[3:]}", now=NOW) is not None
    assert users.sign_in(database, "aida", PASSWORD, given, now=NOW) is None
    assert users.sign_in(database, "aida", PASSWORD, totp.code(secret, step + 1), now=NOW) is not None


@pytest.mark.parametrize(
    ("time", "expected"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_rfc(time, expected):
    """The test vectors of RFC 6238 appendix B, their last six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    assert totp.code(secret, time // 30) == expected
    assert totp.accepted(secret, expected, datetime.fromtimestamp(time, UTC), 0) == time // 30


def test_a_session_ends(database):
    """After twelve hours, after two without a question, at sign-out, and with its user's password or account."""
    user = users.sign_in(database, "aida", PASSWORD, "", now=NOW)

    def begun() -> str:
        return sessions.begin(database, user, now=NOW)

    secret = begun()
    for minutes in range(0, 720, 90):
        assert sessions.find(database, secret, now=NOW + timedelta(minutes=minutes)).user == "aida"
    assert sessions.find(database, secret, now=NOW + sessions.LENGTH) is None
    assert sessions.find(database, begun(), now=NOW + sessions.IDLE) is None
    sessions.end(database, (secret := begun()), now=NOW)
    assert sessions.find(database, secret, now=NOW) is None
    secret = begun()
    users.passwd(database, "aida", "another long one", now=NOW, actor="test")
    assert sessions.find(database, secret, now=NOW) is None
    secret = begun()
    users.remove(database, "aida", now=NOW, actor="test")
    assert sessions.find(database, secret, now=NOW) is None


def test_a_key_holds_until_it_expires_or_is_revoked(database):
    """The secret opens with its role and scopes; a changed secret, an expired and a revoked key open nothing."""
    secret = keys.add(
        database, "feed", UserRole.VIEWER, ("events", "series"), NOW + timedelta(days=1), now=NOW, actor="test"
    )
    found = keys.find(database, secret, now=NOW)

    assert (found.name, found.scopes) == ("feed", ("events", "series"))
    assert keys.find(database, secret + "x", now=NOW) is None
    assert keys.find(database, secret, now=NOW + timedelta(days=1)) is None
    keys.revoke(database, "feed", now=NOW, actor="test")
    assert keys.find(database, secret, now=NOW) is None
    with pytest.raises(AccessError, match="no key 'feed' that holds"):
        keys.revoke(database, "feed", now=NOW, actor="test")
    with pytest.raises(AccessError, match="already"):
        keys.add(database, "feed", UserRole.VIEWER, (), NOW + timedelta(days=1), now=NOW, actor="test")


def test_the_record_only_grows(database):
    """Every change and sign-in is a line; a line cannot be changed or removed, and who forces it is found out."""
    users.sign_in(database, "aida", "wrong", "", now=NOW)
    users.sign_in(database, "hunter2 in the wrong field", "x", "", now=NOW)
    users.sign_in(database, "aida", PASSWORD, "", now=NOW)
    said = [(entry.actor.partition(":")[0], entry.action, entry.subject) for entry in audit.entries(database)]

    assert said == [
        ("test", "user.add", "aida viewer"),
        ("aida", "sign-in.refused", ""),
        ("unknown", "sign-in.refused", ""),
        ("aida", "sign-in", ""),
    ]
    assert b"hunter2" not in database.path.read_bytes()
    with database.changing() as connection:
        for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                connection.execute(statement)
    assert audit.broken(database) is None
    with database.changing() as connection:
        connection.execute("DROP TRIGGER audit_stays")
        connection.execute("UPDATE audit SET actor = 'somebody' WHERE number = 2")
    assert audit.broken(database) == 2


def test_a_gap_in_the_record_is_found(database):
    """Taking a line out breaks the chain where it stood."""
    users.remove(database, "aida", now=NOW, actor="test")
    users.add(database, "bek", UserRole.OPERATOR, PASSWORD, now=NOW, actor="test")
    with database.changing() as connection:
        connection.execute("DROP TRIGGER audit_remains")
        connection.execute("DELETE FROM audit WHERE number = 2")

    assert audit.broken(database) == 2


@pytest.mark.parametrize(
    ("name", "role", "password", "message"),
    [
        ("Aida", UserRole.VIEWER, PASSWORD, "name is made of"),
        ("a b", UserRole.VIEWER, PASSWORD, "name is made of"),
        ("bek", UserRole.PUBLIC, PASSWORD, "viewer or operator"),
        ("bek", UserRole.VIEWER, "short", "12 to 1024 characters"),
        ("bek", UserRole.VIEWER, "x" * 1025, "12 to 1024 characters"),
        ("aida", UserRole.VIEWER, PASSWORD, "already"),
    ],
)
def test_what_is_no_user_is_refused(database, name, role, password, message):
    """Names, roles and passwords that cannot be are refused with what is expected, and nothing is written."""
    with pytest.raises(AccessError, match=message):
        users.add(database, name, role, password, now=NOW, actor="test")
    assert [user.name for user in users.users(database)] == ["aida"]


def test_nobody_is_known_before_the_first_user(tmp_path):
    """Reading makes no file; without one nobody gets in, and no list is a fault."""
    empty = Database(tmp_path)

    assert users.sign_in(empty, "aida", PASSWORD, "", now=NOW) is None
    assert sessions.find(empty, "x", now=NOW) is keys.find(empty, "x", now=NOW) is None
    assert (users.users(empty), keys.keys(empty), audit.entries(empty), audit.broken(empty)) == ((), (), (), None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_told(tmp_path):
    """A damaged or newer file is a fault with its name, never an open door."""
    (tmp_path / "access.db").write_bytes(b"not a database, and long enough to be looked at as one" * 20)
    with pytest.raises(AccessError, match=r"access\.db cannot be used"):
        users.users(Database(tmp_path))
    newer = Database(tmp_path / "newer")
    with newer.changing() as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(AccessError, match="newer presscanary"):
        users.users(newer)

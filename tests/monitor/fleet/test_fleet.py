"""The fleet's database, in a folder and on PostgreSQL: invitations, keys, batches, plans, flags, and the record."""

from __future__ import annotations

import sqlite3
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest

from monitor.fleet import (
    FleetError,
    FleetRefusal,
    FolderDatabase,
    Member,
    Skewed,
    Status,
    Token,
    audit,
    batches,
    flags,
    members,
    nonces,
    plans,
    sights,
    tokens,
    trust,
)
from monitor.fleet.batches import Arrived, Delivered, Misplaced
from monitor.pipeline.roster import open_fleet
from monitor.store.addresses import Servers, address
from tests.monitor.store import engines

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def postgresql():
    """A running PostgreSQL 18."""
    with engines.postgres(engines.packaged_postgres()) as server:
        yield server


@pytest.fixture(params=["folder", "server"])
def fleet(request, tmp_path):
    """An empty fleet, in a folder or on a server."""
    where = tmp_path / "data"
    if request.param == "server":
        here = request.getfixturevalue("postgresql").database()
        where = Servers(folder=where, measurements=address(here), state=address(here))
    database = open_fleet(where)
    yield database
    database.close()


def invitation(vantage="kg-1", **told):
    given = {"country": "KG", "network": "AS12997", "role": "vantage", "approved": True}
    return Token(vantage=vantage, **given | {"made": NOW, "expires": NOW + WEEK} | told)


def somebody(key="SHA256:one", **told):
    facts = {"vantage": "", "country": "", "network": "AS0", "role": "", "status": Status.PENDING, "enrolled": NOW}
    consent = {"consent": "{}", "risk": 1, "consented": "2026-11-24T12:00:00Z"}
    return Member(key=key, public="ssh-ed25519 AAAA", **facts | consent | told)


def enrolled(fleet, vantage="kg-1", key="SHA256:one", **told):
    secret = tokens.issue(fleet, invitation(vantage, **told), actor="test")
    return tokens.enrol(fleet, secret, somebody(key), now=NOW)


def arrived(sequence, previous="", key="SHA256:one", sha256=None, **told):
    facts = {"letter": b"letter", "network": "AS12997"} | told
    return Arrived(key=key, sequence=sequence, sha256=sha256 or f"h{sequence}", previous=previous, **facts)


def delivered(accepted=3, **told):
    facts = {"refused": 0, "dropped": 0, "waiting": 0, "offset": 0.1, "software": "presscanary 0.1.0", "newest": NOW}
    return Delivered(accepted=accepted, **facts | told)


def test_a_token_enrols_one_key_one_time(fleet):
    """The member stands where the invitation puts it; the same key again is the same member, another key is refused."""
    secret = tokens.issue(fleet, invitation(), actor="test")
    assert tokens.find(fleet, secret, now=NOW).vantage == "kg-1"
    member = tokens.enrol(fleet, secret, somebody(), now=NOW)

    assert (member.vantage, member.country, member.network, member.status) == ("kg-1", "KG", "AS12997", Status.APPROVED)
    assert tokens.enrol(fleet, secret, somebody(), now=NOW) == member
    assert tokens.find(fleet, secret, now=NOW) is None
    with pytest.raises(FleetRefusal):
        tokens.enrol(fleet, secret, somebody("SHA256:two"), now=NOW)
    assert members.every(fleet) == (member,)


def test_a_token_that_is_too_old_or_unknown_opens_nothing(fleet):
    """A token ends at its time, and one that was never made is refused in the same words."""
    secret = tokens.issue(fleet, invitation(), actor="test")
    for given, now in ((secret, NOW + WEEK), ("pct_invented", NOW), ("", NOW)):
        assert tokens.find(fleet, given, now=now) is None
        with pytest.raises(FleetRefusal, match="unknown, used up or too old"):
            tokens.enrol(fleet, given, somebody(), now=now)


def test_two_enrolments_at_once_make_one_member(fleet):
    """Of two keys that come with one token at the same moment, one is enrolled."""
    secret = tokens.issue(fleet, invitation(), actor="test")
    came, start = [], threading.Barrier(2)

    def enrol(key):
        start.wait()
        try:
            came.append(tokens.enrol(fleet, secret, somebody(key), now=NOW).key)
        except FleetRefusal:
            came.append(None)

    threads = [threading.Thread(target=enrol, args=(key,)) for key in ("SHA256:one", "SHA256:two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert came.count(None) == 1
    assert len(members.every(fleet)) == 1


@pytest.mark.parametrize("vantage", ["", "Kg-1", "kg_1", "../kg", "kg 1", "kg\n1", "k" * 41])
def test_a_vantage_point_has_a_plain_name(fleet, vantage):
    """An id goes into file names, logs and pages: nothing but small letters, digits and hyphens."""
    with pytest.raises(FleetRefusal, match="a-z, 0-9"):
        tokens.issue(fleet, invitation(vantage), actor="test")


def test_an_enrolled_place_takes_no_second_invitation(fleet):
    """Only a rotation replaces a key: the old one ends when the new one comes, and a quarantine outlives it."""
    enrolled(fleet)
    with pytest.raises(FleetRefusal, match="fleet rotate"):
        tokens.issue(fleet, invitation(), actor="test")
    members.quarantine(fleet, "kg-1", why="lies", now=NOW, actor="test")
    secret = tokens.issue(fleet, invitation(replaces="SHA256:one"), actor="test")
    assert members.named(fleet, "kg-1").key == "SHA256:one"

    fresh = tokens.enrol(fleet, secret, somebody("SHA256:two"), now=NOW)
    assert (fresh.sequence, fresh.quarantined, fresh.why) == (0, NOW, "lies")
    assert members.read(fleet, "SHA256:one").status is Status.REPLACED
    assert members.named(fleet, "kg-1").key == "SHA256:two"


def test_approval_revocation_and_farewell(fleet):
    """Who waits is approved once; a key that was revoked or took leave opens nothing, and stays in the list."""
    enrolled(fleet, approved=False)
    assert members.named(fleet, "kg-1").status is Status.PENDING
    assert members.approve(fleet, "kg-1", now=NOW, actor="test").status is Status.APPROVED
    with pytest.raises(FleetRefusal, match="approved already"):
        members.approve(fleet, "kg-1", now=NOW, actor="test")
    members.revoke(fleet, "kg-1", why="seized", now=NOW, actor="test")
    with pytest.raises(FleetRefusal, match="no vantage point"):
        members.revoke(fleet, "kg-1", why="", now=NOW, actor="test")

    enrolled(fleet, "kg-2", "SHA256:two")
    members.leave(fleet, "SHA256:two", now=NOW)
    assert [(each.status, each.live) for each in members.every(fleet)] == [
        (Status.REVOKED, False),
        (Status.GONE, False),
    ]


def test_a_consent_takes_the_place_of_the_one_before(fleet):
    """What the operator agrees to last is in force, and that they agreed stands in the record."""
    member = enrolled(fleet)
    newer = somebody(member.key, consented="2026-11-24T13:00:00Z", consent='{"newer": 1}', risk=2)
    members.agree(fleet, newer, now=NOW)
    assert (members.read(fleet, member.key).consent, members.read(fleet, member.key).risk) == ('{"newer": 1}', 2)
    assert audit.entries(fleet)[-1].action == "consented"


def test_a_batch_that_is_sent_again_has_the_same_receipt(fleet):
    """Begun, interrupted and begun again it is the same batch with the same network; finished twice it counts once."""
    enrolled(fleet)
    kept = batches.begin(fleet, arrived(1), now=NOW)
    again = batches.begin(fleet, arrived(1, network="AS1"), now=NOW + timedelta(hours=1))
    assert (kept.receipt, again.network, again.begun) == (None, "AS12997", NOW)
    assert batches.finish(fleet, kept, b"first", delivered(), now=NOW) == b"first"
    assert batches.finish(fleet, again, b"second", delivered(), now=NOW) == b"first"
    assert batches.begin(fleet, arrived(1), now=NOW).receipt == b"first"

    member = members.read(fleet, "SHA256:one")
    assert (member.sequence, member.previous, member.accepted, member.offset) == (1, "h1", 3, 0.1)
    assert batches.letters(fleet, "SHA256:one") == (b"letter",)


@pytest.mark.parametrize(
    ("sequence", "previous", "sha256", "fork"),
    [(1, "", "other", True), (3, "h2", None, False), (2, "elsewhere", None, False), (0, "", None, True)],
)
def test_batches_follow_each_other(fleet, sequence, previous, sha256, fork):
    """Only the next number with the right previous hash is taken; another header with a known number is a fork."""
    enrolled(fleet)
    batches.finish(fleet, batches.begin(fleet, arrived(1), now=NOW), b"receipt", delivered(), now=NOW)
    with pytest.raises(Misplaced) as refused:
        batches.begin(fleet, arrived(sequence, previous, sha256=sha256), now=NOW)
    assert (refused.value.expected, refused.value.previous, refused.value.fork) == (2, "h1", fork)


def test_a_word_is_good_once(fleet):
    """A nonce is taken once per key within the window, and forgotten after it."""
    window = timedelta(minutes=5)
    assert nonces.take(fleet, "a", "n", now=NOW, window=window)
    assert not nonces.take(fleet, "a", "n", now=NOW + window, window=window)
    assert nonces.take(fleet, "b", "n", now=NOW, window=window)
    assert nonces.take(fleet, "a", "n", now=NOW + 3 * window, window=window)


def test_a_plan_is_signed_anew_only_when_it_asks_for_something_else(fleet):
    """The same content has the same letter; another one has the next number; and old letters are still found."""

    def sign(serial):
        return f"sha{serial}", f"letter {serial}".encode()

    given = [plans.current(fleet, "kg-1", content, sign, now=NOW) for content in ("a", "a", "b", "a")]
    assert given == [b"letter 1", b"letter 1", b"letter 2", b"letter 3"]
    assert plans.signed(fleet, "kg-1", "sha2") == b"letter 2"
    assert plans.signed(fleet, "kg-2", "sha2") is None


def test_one_key_in_two_networks_in_turn_raises_a_flag(fleet):
    """Moving once is no flag; being back within the hour is one, that is counted and lowered by hand."""
    enrolled(fleet)

    def seen(network, minutes):
        member = members.read(fleet, "SHA256:one")
        sights.saw(fleet, member, network, now=NOW + timedelta(minutes=minutes))

    for network, minutes in (("AS12997", 0), ("AS50223", 10), ("AS50223", 200), ("AS12997", 300)):
        seen(network, minutes)
    assert flags.every(fleet) == ()
    for network, minutes in (("AS50223", 310), ("AS12997", 320), ("AS50223", 330)):
        seen(network, minutes)
    (flag,) = flags.every(fleet)
    assert (flag.kind, flag.count, flag.said) == ("two_networks", 2, "in turn from AS12997 and AS50223")
    assert flags.lower(fleet, members.read(fleet, "SHA256:one"), now=NOW, actor="test") == 1
    assert flags.every(fleet) == ()


def test_trust_says_whose_vote_is_gone_and_which_clock_was_off(fleet):
    """Quarantine takes the vote until it is released; a batch of a skewed clock is told with its stretch of time."""
    enrolled(fleet)
    enrolled(fleet, "kg-2", "SHA256:two")
    late = arrived(1, first=NOW, last=NOW + timedelta(hours=1), skewed=True)
    batches.begin(fleet, late, now=NOW)
    batches.begin(fleet, arrived(1, key="SHA256:two", first=NOW, last=NOW), now=NOW)
    members.quarantine(fleet, "kg-2", why="canaries", now=NOW, actor="test")
    told = trust(fleet)
    assert told.voteless == {"kg-2"}
    assert told.skewed == (Skewed(vantage="kg-1", first=NOW, last=NOW + timedelta(hours=1)),)
    assert trust(fleet, since=NOW + timedelta(hours=2)).skewed == ()
    with pytest.raises(FleetRefusal, match="already"):
        members.quarantine(fleet, "kg-2", why="", now=NOW, actor="test")
    members.release(fleet, "kg-2", now=NOW, actor="test")
    assert trust(fleet).voteless == frozenset()


def test_the_record_only_grows_and_shows_a_change(fleet):
    """Each deed is a line; a line cannot be changed or removed through the database."""
    enrolled(fleet)
    members.quarantine(fleet, "kg-1", why="lies", now=NOW, actor="test")
    assert [entry.action for entry in audit.entries(fleet)] == ["token", "enrolled", "quarantined"]
    assert audit.entries(fleet, vantage="kg-2") == ()
    assert audit.broken(fleet) is None
    for statement in ("UPDATE fleet_audit SET said = ''", "DELETE FROM fleet_audit"):
        with pytest.raises(FleetError, match="never"):
            fleet.write(lambda connection, statement=statement: connection.do(statement))
    assert len(audit.entries(fleet)) == 3


def test_a_record_that_was_changed_on_disk_is_seen(tmp_path):
    """Somebody who opens the file and takes the triggers away leaves a chain that does not fit."""
    fleet = FolderDatabase(tmp_path)
    enrolled(fleet)
    fleet.close()
    raw = sqlite3.connect(fleet.path)
    raw.execute("DROP TRIGGER fleet_audit_stays")
    raw.execute("UPDATE fleet_audit SET said = 'nothing' WHERE number = 1")
    raw.commit()
    raw.close()
    assert audit.broken(fleet) == 1
    fleet.close()


def test_no_secret_is_kept(tmp_path):
    """The file is its owner's only, and holds the token as a hash."""
    fleet = FolderDatabase(tmp_path)
    secret = tokens.issue(fleet, invitation(), actor="test")
    fleet.close()
    assert stat.S_IMODE(fleet.path.stat().st_mode) == 0o600
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes()


def test_a_newer_fleet_is_left_alone(tmp_path):
    """A database of a later version is not written to."""
    raw = sqlite3.connect(tmp_path / "fleet.db")
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(FleetError, match="newer presscanary"):
        members.every(FolderDatabase(tmp_path))

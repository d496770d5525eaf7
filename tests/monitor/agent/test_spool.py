"""What is kept on the vantage point is there until its receipt is, and what is not is counted."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from monitor.agent.clock import Comparison
from monitor.agent.spool import DROP_AT_ONCE, MARGIN, Sealed, Spool, SpoolError
from monitor.sshsig import SigningKey
from monitor.wire import Batch
from probes.document import canonical, document, measurement_id
from probes.model import Body, HTTPRoundTrip, Measurement
from tests.monitor.agent.conftest import Clocks
from tests.scenes import connected, looked, measured, shook

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(b"the key of the tests, 32 bytes. "))
LIMIT = 64 * 1024 * 1024
PLAN = "ab" * 32


def visit(number: int, clocks: Clocks, *, page: bytes = b"") -> Measurement:
    """The visit of that number, ten seconds after the one before."""
    trip = HTTPRoundTrip(
        hop=0, url=f"https://site{number % 20}.example/", address="93.184.216.34", port=443, started=0.3, duration=0.2,
        status=200, body=Body(length=len(page), kept=page),
    )  # fmt: skip
    made = measured(looked(["93.184.216.34"]), connected(), shook(), trip, url=trip.url)
    return replace(made, started=clocks().wall, duration=0.5 + number / 1000)


def fill(spool: Spool, clocks: Clocks, number: int, **more: bytes) -> list[Measurement]:
    """So many visits, ten seconds apart, kept."""
    made = []
    for each in range(number):
        clocks.steady += 10
        made.append(visit(each, clocks, **more))
        assert spool.append(made[-1], clocks(), PLAN)
    return made


def seal(spool: Spool, clocks: Clocks, *, empty: bool = False) -> tuple[Sealed, Batch] | None:
    """The next batch, as it is kept and as a collector reads it."""
    sealed = spool.seal(KEY, clocks(), software="test", plan=PLAN, empty=empty)
    return None if sealed is None else (sealed, Batch.read(sealed.content, KEY.public))


def drain(spool: Spool, clocks: Clocks) -> list[Batch]:
    """Every batch that waits, each acknowledged."""
    found = []
    while (pair := seal(spool, clocks)) is not None:
        found.append(pair[1])
        spool.acknowledge(pair[0], accepted=pair[0].count, refused=0)
    return found


@pytest.fixture
def spool(tmp_path: Path):
    """An empty spool."""
    made = Spool(tmp_path / "spool.db", limit=LIMIT)
    yield made
    made.close()


def test_what_was_kept_comes_out_in_its_order_numbered_and_chained(spool: Spool, clocks: Clocks):
    """Every document is the canonical one, each header names the one before."""
    made = fill(spool, clocks, 1100)
    batches = drain(spool, clocks)

    assert [each for batch in batches for each in batch.documents] == [canonical(document(each)) for each in made]
    assert [batch.header.sequence for batch in batches] == [1, 2, 3]
    assert [batch.header.previous for batch in batches] == ["", *(batch.header.sha256 for batch in batches[:-1])]
    assert [batch.header.waiting for batch in batches] == [600, 100, 0]


def test_a_batch_stays_the_same_until_its_receipt_is_there(tmp_path: Path, clocks: Clocks):
    """Sent again after a crash, it is byte for byte the one that may have arrived; what came later waits."""
    first = Spool(tmp_path / "spool.db", limit=LIMIT)
    fill(first, clocks, 3)
    sealed, _ = seal(first, clocks)
    first.close()
    again = Spool(tmp_path / "spool.db", limit=LIMIT)
    fill(again, clocks, 2)

    assert seal(again, clocks)[0] == sealed
    again.acknowledge(sealed, accepted=3, refused=0)
    again.acknowledge(sealed, accepted=3, refused=0)  # a receipt that comes twice
    assert again.backlog().waiting == 2
    assert again.word("delivered") == "3"
    again.close()


def test_similar_documents_take_a_sixth(spool: Spool, clocks: Clocks, tmp_path: Path):
    """A week of 200 targets every ten minutes would have room on a small disk: less than 700 bytes a visit."""
    fill(spool, clocks, 400, page=bytes(range(256)) * 8)
    spool.close()

    assert (tmp_path / "spool.db").stat().st_size / 400 < 700
    spool.__init__(tmp_path / "spool.db", limit=LIMIT)


def test_after_delivery_no_page_is_left_on_the_disk(spool: Spool, clocks: Clocks, tmp_path: Path):
    """Neither a measurement nor what others were packed against can be found any more."""
    fill(spool, clocks, 30, page=b"the page of a forbidden newspaper" * 3)
    assert drain(spool, clocks)
    assert (tmp_path / "spool.db-wal").stat().st_size == 0  # while it runs, too
    spool.close()

    left = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert b"newspaper" not in left
    assert b"site1.example" not in left
    spool.__init__(tmp_path / "spool.db", limit=LIMIT)


def test_above_its_cap_the_oldest_make_room_and_are_counted(tmp_path: Path, clocks: Clocks):
    """The next header says how many are lost, from when to when, and why; the newest are there."""
    spool = Spool(tmp_path / "spool.db", limit=300_000)
    made = []
    for number in range(700):
        clocks.steady += 60
        page = bytes((number * 7 + each * number) % 251 for each in range(1500))
        made.append(visit(number, clocks, page=page))
        assert spool.append(made[-1], clocks(), PLAN)
    assert spool.backlog().bytes <= 300_000 + 20_000
    batches = drain(spool, clocks)
    arrived = [each for batch in batches for each in batch.documents]
    (lost,) = batches[0].header.dropped

    assert lost.why == "spool_full"
    assert lost.count % DROP_AT_ONCE == 0
    assert lost.count + len(arrived) == 700
    assert arrived == [canonical(document(each)) for each in made[lost.count :]]
    assert (lost.first, lost.last) == (
        json.loads(canonical(document(made[0])))["started"],
        json.loads(canonical(document(made[lost.count - 1])))["started"],
    )
    assert all(not batch.header.dropped for batch in batches[1:])
    assert spool.word("lost") == str(lost.count)
    spool.close()


def test_a_sealed_batch_is_never_dropped(tmp_path: Path, clocks: Clocks):
    """What may have arrived already is sent as it was sealed, however full the spool is."""
    spool = Spool(tmp_path / "spool.db", limit=150_000)
    fill(spool, clocks, 20, page=b"x" * 2000)
    sealed, batch = seal(spool, clocks)
    for number in range(400):
        clocks.steady += 60
        spool.append(visit(number, clocks, page=bytes((number * each) % 251 for each in range(1500))), clocks(), PLAN)

    assert seal(spool, clocks)[0] == sealed
    assert Batch.read(sealed.content, KEY.public).documents == batch.documents
    spool.close()


def test_a_full_disk_drops_what_is_oldest_and_recovers_by_itself(spool: Spool, clocks: Clocks):
    """Nothing is torn, the count is honest, and nobody has to repair anything."""
    before = fill(spool, clocks, 200)
    pages = spool._connection.execute("PRAGMA page_count").fetchone()[0]
    spool._connection.execute(f"PRAGMA max_page_count = {pages}")
    kept = 0
    for number in range(300):
        clocks.steady += 60
        page = bytes((number * each) % 251 for each in range(1500))
        kept += spool.append(visit(number, clocks, page=page), clocks(), PLAN)
    spool._connection.execute("PRAGMA max_page_count = 1000000")
    batches = drain(spool, clocks)
    arrived = sum(len(batch.documents) for batch in batches)
    lost = sum(each.count for batch in batches for each in batch.header.dropped if each.why == "disk_full")

    assert kept > 250
    assert arrived + lost == len(before) + 300


def test_the_last_of_the_disk_is_left_to_its_owner(tmp_path: Path, clocks: Clocks):
    """Near its end the file grows no more: the oldest measurements make room for the newest, and are counted."""
    free, size = [10**9], 0
    spool = Spool(tmp_path / "spool.db", limit=LIMIT, free=lambda: free[0])
    noise = random.Random(2)
    for number in range(300):
        clocks.steady += 10
        if number == 150:
            free[0], size = MARGIN - 1, spool._connection.execute("PRAGMA page_count").fetchone()[0]
        assert spool.append(visit(number, clocks, page=noise.randbytes(3000)), clocks(), PLAN)
    grown = spool._connection.execute("PRAGMA page_count").fetchone()[0] - size
    batches = drain(spool, clocks)
    lost = sum(each.count for batch in batches for each in batch.header.dropped if each.why == "disk_full")
    spool.close()

    assert grown == 0
    assert lost > 0
    assert sum(len(batch.documents) for batch in batches) + lost == 300


def test_a_disk_that_was_full_from_the_start_keeps_nothing_and_says_how_much(tmp_path: Path, clocks: Clocks):
    """Nothing can make room: each measurement is counted, and told as soon as there is some."""
    free = [0]
    spool = Spool(tmp_path / "spool.db", limit=LIMIT, free=lambda: free[0])
    for number in range(5):
        clocks.steady += 10
        assert not spool.append(visit(number, clocks), clocks(), PLAN)
    free[0] = 10**9
    (batch,) = drain(spool, clocks)
    spool.close()

    assert [(each.why, each.count) for each in batch.header.dropped] == [("disk_full", 5)]


def test_where_not_even_that_helps_the_newest_is_counted(spool: Spool, clocks: Clocks):
    """A disk without any room loses measurements, and says so as soon as it can write again."""
    clocks.steady += 10
    spool._connection.execute("PRAGMA max_page_count = 1")
    large = random.Random(1).randbytes(60_000)
    assert not spool.append(visit(1, clocks, page=large), clocks(), PLAN)
    assert not spool.append(visit(2, clocks, page=large), clocks(), PLAN)
    spool._connection.execute("PRAGMA max_page_count = 1000000")
    assert spool.append(visit(3, clocks, page=large), clocks(), PLAN)
    _, batch = seal(spool, clocks)

    assert [(each.why, each.count) for each in batch.header.dropped] == [("disk_full", 2)]
    assert len(batch.documents) == 1


def test_a_measurement_that_no_batch_can_hold_is_told_and_does_not_block_the_others(spool: Spool, clocks: Clocks):
    """Too large when inflated, or when packed: it goes, by name of the reason."""
    noise = bytes((each * each * 31 + each // 7) % 256 for each in range(700))
    huge = b"".join(bytes((each + value) % 256 for value in noise) for each in range(10_000))
    clocks.steady += 10
    assert not spool.append(visit(1, clocks, page=huge), clocks(), PLAN)
    fill(spool, clocks, 2)
    (batch,) = drain(spool, clocks)

    assert [(each.why, each.count) for each in batch.header.dropped] == [("too_large", 1)]
    assert len(batch.documents) == 2


def test_a_damaged_measurement_is_counted_and_the_others_go_on(spool: Spool, clocks: Clocks):
    """A disk that changed some bytes costs those measurements that had them."""
    fill(spool, clocks, 5)
    spool._connection.execute("UPDATE measurement SET frame = X'00' WHERE id = 3")
    batches = drain(spool, clocks)

    assert sum(len(batch.documents) for batch in batches) == 4
    assert [(each.why, each.count) for batch in batches for each in batch.header.dropped] == [("damaged", 1)]


def test_a_front_that_takes_less_gets_less(spool: Spool, clocks: Clocks):
    """A batch that was refused as too large comes again in halves, under the same number."""
    made = fill(spool, clocks, 10)
    sealed, _ = seal(spool, clocks)
    spool.split(sealed)
    batches = drain(spool, clocks)

    assert [batch.header.sequence for batch in batches] == [1, 2]
    assert [len(batch.documents) for batch in batches] == [5, 5]
    assert batches[0].header.previous == ""
    assert [each for batch in batches for each in batch.documents] == [canonical(document(each)) for each in made]


def known_at(clocks: Clocks) -> Comparison:
    """The comparison that an answer of the collector allows now."""
    return Comparison(boot=clocks.boot, steady=clocks.steady, collector=clocks.truth.timestamp(), within=0.5)


def test_a_clock_that_was_set_right_later_does_not_make_old_results_right(spool: Spool, clocks: Clocks):
    """Each batch tells the offset under which its measurements were made, even those of before the first contact."""
    clocks.wrong = 900.0
    fill(spool, clocks, 2)
    clocks.wrong = 0.0
    fill(spool, clocks, 3)
    spool.compare(known_at(clocks))
    batches = drain(spool, clocks)

    assert [(len(batch.documents), batch.header.clock.offset) for batch in batches] == [(2, 900.0), (3, 0.0)]


def test_what_was_made_before_a_restart_without_contact_has_no_offset(spool: Spool, clocks: Clocks):
    """Nobody knows what the clock was like then, and the header says so."""
    fill(spool, clocks, 2)
    clocks.boot, clocks.steady = "boot-2", 1050.0
    fill(spool, clocks, 1)
    spool.compare(known_at(clocks))
    batches = drain(spool, clocks)

    assert [(len(batch.documents), batch.header.clock.offset) for batch in batches] == [(2, None), (1, 0.0)]


def test_what_was_made_under_another_plan_goes_into_another_batch(spool: Spool, clocks: Clocks):
    """A plan that came after a week without uplink is not the one that the week was measured under."""
    fill(spool, clocks, 2)
    clocks.steady += 10
    assert spool.append(visit(2, clocks), clocks(), "cd" * 32)
    batches = drain(spool, clocks)

    assert [(len(batch.documents), batch.header.plan) for batch in batches] == [(2, PLAN), (1, "cd" * 32)]


def test_an_empty_batch_says_that_somebody_is_there(spool: Spool, clocks: Clocks):
    """Only where it is asked for."""
    assert seal(spool, clocks) is None
    sealed, batch = seal(spool, clocks, empty=True)
    spool.acknowledge(sealed, accepted=0, refused=0)

    assert batch.documents == ()
    assert seal(spool, clocks) is None


def test_a_file_that_is_no_spool_is_refused(tmp_path: Path):
    """A damaged file is named, and not written to."""
    (tmp_path / "spool.db").write_bytes(b"no database" * 1000)
    with pytest.raises(SpoolError, match="cannot be used"):
        Spool(tmp_path / "spool.db", limit=LIMIT)


def test_a_receipt_that_cannot_be_written_down_is_asked_for_again(spool: Spool, clocks: Clocks):
    """On a full disk the batch stays, is sent again, and has the same receipt: no row is lost or doubled."""
    fill(spool, clocks, 5)
    sealed, _ = seal(spool, clocks)
    spool._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(SpoolError):
        spool.acknowledge(sealed, accepted=5, refused=0)
    spool._connection.execute("PRAGMA query_only = OFF")

    assert seal(spool, clocks)[0] == sealed
    assert spool.backlog().waiting == 5


WRITER = """
import sys
from pathlib import Path
from monitor.agent.spool import Spool
from probes.document import measurement_id
from tests.monitor.agent.conftest import Clocks
from tests.monitor.agent.test_spool import KEY, PLAN, visit
clocks, spool = Clocks(), Spool(Path(sys.argv[1]), limit=1 << 30)
clocks.steady += 10_000 * int(sys.argv[2])
for number in range(100_000):
    clocks.steady += 1
    made = visit(number, clocks)
    assert spool.append(made, clocks(), PLAN)
    print(measurement_id(made), flush=True)
    if number % 17 == 16:
        spool.seal(KEY, clocks(), software="test", plan="")
"""


def test_a_kill_in_the_middle_loses_nothing_that_was_kept(tmp_path: Path, clocks: Clocks):
    """kill -9 three times while measurements come in and batches are sealed: each that was said to be kept is there,
    once."""
    said: list[str] = []
    for turn in range(3):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "spool.db"), str(turn)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            said += [writer.stdout.readline().strip() for _ in range(60 + 13 * turn)]
            writer.send_signal(signal.SIGKILL)
            said += [line.strip() for line in writer.stdout if len(line) == 33]
    with sqlite3.connect(tmp_path / "spool.db") as check:
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    spool = Spool(tmp_path / "spool.db", limit=1 << 30)
    sealed = spool._held()
    found = [measurement_id_of(each) for each in Batch.read(sealed.content, KEY.public).documents]
    spool.acknowledge(sealed, accepted=sealed.count, refused=0)
    for batch in drain(spool, clocks):
        found += map(measurement_id_of, batch.documents)
    spool.close()

    assert len(found) == len(set(found))
    assert set(said) <= set(found)
    assert len(set(found) - set(said)) <= 3  # kept, and killed before it was said


def measurement_id_of(content: bytes) -> str:
    """The id of the measurement that a document is of."""
    from probes.document import measurement_from

    return measurement_id(measurement_from(json.loads(content)))

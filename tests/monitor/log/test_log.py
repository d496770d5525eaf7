"""The log on disk: what it promises, what it proves, and how a rewritten one is found."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.log import Head, LogBusy, LogDamaged, LogError, LogMissing, audit, open_reading, open_writing, tree
from monitor.log.entries import ENTRY
from monitor.sshsig import SigningKey

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def entries(number: int, start: int = 0) -> list[bytes]:
    """So many different entries."""
    return [hashlib.sha256(str(index).encode()).digest() for index in range(start, start + number)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log of 3,000 entries with two signed heads, over 1,200 and over all."""
    where = tmp_path / "log"
    with open_writing(where) as log:
        log.append(entries(1200), 7)
        log.sign(NOW)
        log.append(entries(1800, 1200), 9)
        log.sign(NOW + timedelta(days=1))
    return where


def test_a_receipt_says_where_an_entry_stands(tmp_path: Path) -> None:
    """The receipts of a batch number its entries on, under the root of the tree that holds them."""
    with open_writing(tmp_path / "log") as log:
        log.append(entries(5), 1)
        receipts = log.append(entries(2, 5), 2)
    assert [(receipt.index, receipt.size) for receipt in receipts] == [(5, 7), (6, 7)]
    assert receipts[0].root == tree.root(tree.subtrees_of(entries(7)), 7).hex()


def test_what_was_acknowledged_is_there_after_opening_again(folder: Path) -> None:
    """Size, position and every entry are those that were taken."""
    with open_reading(folder) as log:
        assert (log.size, log.entries.position) == (3000, 9)
        assert log.entries.between(0, 3000) == entries(3000)
        assert log.root() == tree.root(tree.subtrees_of(entries(3000)), 3000)


def test_what_was_not_acknowledged_is_cut(folder: Path) -> None:
    """Bytes that a crash left behind the promised length are replaced by the next entries."""
    with (folder / "entries").open("ab") as file:
        file.write(b"half an entry")
    with open_writing(folder) as log:
        log.append(entries(1, 3000), 10)
        assert log.entries.entry(3000) == entries(1, 3000)[0]
    assert (folder / "entries").stat().st_size == 3001 * ENTRY


def test_the_log_is_private_to_its_owner(folder: Path) -> None:
    """Neither the key nor anything else in the folder can be read by others."""
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_one_process_writes_at_a_time(folder: Path) -> None:
    """Whoever opens a log that is being written is told so; readers may."""
    with open_writing(folder):
        with pytest.raises(LogBusy, match="already writes"), open_writing(folder):
            pass
        with open_reading(folder) as log, pytest.raises(LogError, match="for reading only"):
            log.sign(NOW)


def test_a_measurement_is_proved_by_the_first_half_of_its_hash(folder: Path) -> None:
    """A measurement's id finds its entry; the proof holds for any size that has it, and there is none before."""
    wanted = entries(1, 1500)[0]
    with open_reading(folder) as log:
        found = log.include(wanted.hex()[:32])
        assert found is not None
        assert (found.entry, found.index, found.size, found.holds) == (wanted.hex(), 1500, 3000, True)
        assert not replace(found, index=1499).holds
        assert log.include(wanted.hex(), 1200) is None
        assert log.include("00" * 16) is None


def test_an_entry_is_found_only_where_one_begins(tmp_path: Path) -> None:
    """Bytes that look like an entry across two others are none."""
    with open_writing(tmp_path / "log") as log:
        log.append([b"a" * 16 + b"b" * 16, b"c" * 16 + b"d" * 16], 1)
        assert log.entries.find(b"b" * 16) is None
        assert log.entries.find(b"c" * 16) == 1


def test_two_heads_are_shown_to_be_of_one_log(folder: Path) -> None:
    """Between any two signed heads there is a consistency proof that holds."""
    with open_reading(folder) as log:
        first, second = log.heads()
        proof = log.connect(first.size, second.size)
        assert proof.holds
        assert (proof.first_root, proof.second_root) == (first.root, second.root)
        with pytest.raises(IndexError):
            log.connect(1, 4000)


def test_a_head_is_signed_once_for_what_came(folder: Path) -> None:
    """Nothing new means no new head; each head names the one before it."""
    with open_writing(folder) as log:
        first, second = log.heads()
        assert log.sign(NOW + timedelta(days=2)) == second
        assert (first.previous, second.previous) == ("", first.sha256)


def test_a_sound_log_passes_its_audit(folder: Path) -> None:
    """Heads, chain and roots fit, with a head kept elsewhere as well."""
    with open_reading(folder) as log:
        found = audit(log, [log.heads()[0]])
    assert (found.entries, found.heads, found.kept_heads, found.faults) == (3000, 2, 1, ())


def test_a_changed_entry_is_found(folder: Path) -> None:
    """One flipped bit in an entry breaks the root of every head over it, and the audit names them."""
    content = bytearray((folder / "entries").read_bytes())
    content[1300 * ENTRY] ^= 1
    (folder / "entries").write_bytes(content)
    with open_reading(folder) as log:
        faults = audit(log).faults
    assert len(faults) == 1
    assert faults[0].startswith("the first 3000 entries are not those that were signed on 2026-11-25")


def test_a_log_that_its_owner_wrote_anew_is_found_by_a_head_kept_elsewhere(folder: Path, tmp_path: Path) -> None:
    """Whoever holds the key can make a log that fits in itself; a head that was published before gives it away."""
    with open_reading(folder) as log:
        published = log.heads()[0]
    forged = tmp_path / "forged"
    forged.mkdir()
    for name in ("key", "key.pub"):
        (forged / name).write_bytes((folder / name).read_bytes())
    with open_writing(forged) as log:
        log.append([entry for entry in entries(3000) if entry != entries(1, 100)[0]], 9)
        log.sign(NOW + timedelta(days=1))
        assert audit(log).faults == ()
        (fault,) = audit(log, [published]).faults
    assert fault.startswith("kept elsewhere: the first 1200 entries are not those that were signed on 2026-11-24")


def test_a_shortened_log_is_found(folder: Path) -> None:
    """Entries that are missing at the end are an error at opening; a promise that was lowered, one of the audit."""
    promised = (folder / "size.json").read_bytes()
    (folder / "size.json").write_text(json.dumps({"size": 2000, "position": 9}))
    with open_reading(folder) as log:
        assert "of which the log has 2000 left" in audit(log).faults[0]
    (folder / "size.json").write_bytes(promised)
    (folder / "entries").write_bytes((folder / "entries").read_bytes()[:-1])
    with pytest.raises(LogDamaged, match="2999 are left of 3000"):
        open_reading(folder)


def test_changed_removed_and_foreign_heads_are_named(folder: Path) -> None:
    """A head that was changed, signed by somebody else, or whose forerunner is gone, is a fault of the audit."""
    with open_reading(folder) as log:
        first, second = log.heads()
        stranger = SigningKey.generate()
        signed = replace(second, signature=stranger.sign(second.signed, "tree-head@presscanary"))
        for heads, told in [
            ([first, replace(second, time=first.time)], "they were changed"),
            ([first, signed], "was not made with the key"),
            ([second], "does not name the one before it"),
            ([second, first], "is over fewer entries"),
        ]:
            (folder / "heads.jsonl").write_text("".join(f"{head.line}\n" for head in heads))
            assert any(told in fault for fault in audit(log).faults)


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"log": 1}', "no json", '{"size": -1}'])
def test_a_line_that_is_no_head_is_refused(line: str) -> None:
    """Text that is no head is a LogDamaged, whatever it is."""
    with pytest.raises(LogDamaged, match="no tree head"):
        Head.read(line)


def test_a_missing_or_damaged_log_says_what_to_do(tmp_path: Path, folder: Path) -> None:
    """A folder without a log, a damaged promise, and a lost key each are one line that says what to do."""
    with pytest.raises(LogMissing, match="presscanary run"):
        open_reading(tmp_path / "nothing")
    (folder / "key").unlink()
    with pytest.raises(LogDamaged, match="would be a new log"), open_writing(folder):
        pass
    (folder / "key").write_text("nonsense")
    with pytest.raises(LogDamaged, match="cannot be read"), open_writing(folder):
        pass
    (folder / "key.pub").write_text("nonsense")
    with pytest.raises(LogDamaged, match="public key"):
        open_reading(folder)
    (folder / "size.json").write_text("nonsense")
    with pytest.raises(LogDamaged, match=r"size\.json"):
        open_reading(folder)

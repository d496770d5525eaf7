"""A backup made while the store is written to is a whole store, and comes back as what it was."""

from __future__ import annotations

import json
import tarfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model import State
from monitor.store import StoreDamaged, StoreError, open_folder, open_store
from monitor.store.backup import backup, restore
from monitor.store.compaction import compact
from monitor.store.sealing import seal
from monitor.store.verification import verify

pytest.importorskip("duckdb", reason="sealing needs the extra `store`")

T0 = datetime(2024, 1, 1, tzinfo=UTC)
LATE = datetime(2030, 1, 1, tzinfo=UTC)


def pairs(made, numbers):
    """Measurements, five a day."""
    return [
        (*made.entry(n, time=T0 + timedelta(hours=5 * n), state=State.OK if n % 7 else State.DOWN), b"original %d" % n)
        for n in numbers
    ]


@pytest.fixture
def filled(folder, made):
    """An open store with two sealed months and a tail."""
    with open_folder(folder) as store:
        store.append_all(pairs(made, range(300)))
        while seal(store.upkeep, datetime(2024, 2, 20, tzinfo=UTC), piece=50):
            pass
        yield store


def said(folder):
    """Everything that a store holds, raw documents included."""
    with open_folder(folder, read_only=True) as store:
        outcomes = store.outcomes()
        assert verify(store.upkeep).problems == ()
        return (
            outcomes,
            [store.document(outcome.measurement) for outcome in outcomes],
            store.latest(),
            store.days(),
            store.cells(),
            store.events(),
            store.health(),
            dict(store.counts()),
            store.simulated,
        )


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_what_is_restored_is_what_was_copied(filled, folder, made, tmp_path, name):
    """From a folder and from a tar, every answer of the restored store is that of the original."""
    copied = backup(folder, tmp_path / name)
    restored = tmp_path / "restored"
    assert restore(tmp_path / name, restored).files == copied.files > 3
    assert said(restored) == said(folder)
    assert {path.name for path in tmp_path.iterdir()} == {"data", name, "restored"}
    with open_store(restored) as store:
        assert store.append(*pairs(made, [300])[0][:2]) is True


def test_a_backup_beside_a_busy_writer_is_whole(filled, folder, made, tmp_path):
    """While rows are appended, sealed and merged, each backup is whole and holds what was acknowledged before."""
    done = []

    def work():
        for n in range(300, 700):
            filled.append(*pairs(made, [n])[0][:2])
            done.append(n)
            if n % 40 == 0:
                seal(filled.upkeep, LATE, piece=60)
            if n % 90 == 0:
                compact(filled.upkeep)

    with ThreadPoolExecutor(1) as threads:
        busy = threads.submit(work)
        for number in range(3):
            before = len(done)
            backup(folder, tmp_path / f"copy-{number}")
            restore(tmp_path / f"copy-{number}", tmp_path / f"back-{number}")
            assert len(said(tmp_path / f"back-{number}")[0]) >= 300 + before
        busy.result()


def test_a_spoilt_backup_is_refused(filled, folder, tmp_path):
    """A changed, a missing and a foreign file each end the restore, and leave nothing behind."""
    backup(folder, tmp_path / "copy")
    pack = tmp_path / "copy" / "packs" / "000001.pack"
    content = pack.read_bytes()
    pack.write_bytes(content[:-1] + b"x")
    with pytest.raises(StoreDamaged, match=r"packs/000001\.pack: its SHA-256"):
        restore(tmp_path / "copy", tmp_path / "back")
    pack.unlink()
    with pytest.raises(StoreDamaged, match=r"packs/000001\.pack: the file is missing"):
        restore(tmp_path / "copy", tmp_path / "back")
    listed = json.loads((tmp_path / "copy" / "backup.json").read_text())
    (tmp_path / "copy" / "backup.json").write_text(json.dumps({"../evil": listed["store.db"]}))
    with pytest.raises(StoreError, match=r"names a file '\.\./evil'"):
        restore(tmp_path / "copy", tmp_path / "back")
    assert {path.name for path in tmp_path.iterdir()} == {"data", "copy"}


def test_what_is_no_backup_is_refused(folder, filled, tmp_path):
    """A folder without the list, a file that is no tar, nothing at all; a target or a store that is there already."""
    (tmp_path / "text.tar").write_text("no tar")
    with tarfile.open(tmp_path / "other.tar", "w") as tar:
        tar.add(tmp_path / "text.tar", "text")
    for source in ("text.tar", "other.tar", "nothing", "."):
        with pytest.raises(StoreError, match="is no backup of a store"):
            restore(tmp_path / source, tmp_path / "back")
    with pytest.raises(StoreError, match="exists already"):
        backup(folder, tmp_path / "text.tar")
    backup(folder, tmp_path / "copy")
    with pytest.raises(StoreError, match="there is a store in"):
        restore(tmp_path / "copy", folder)

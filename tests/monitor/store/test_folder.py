"""The data folder: closed to others, on a local disk, with one writer."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.store import StoreBusy, StoreError, StoreMissing, open_store
from monitor.store.folder import NETWORK_FILE_SYSTEMS, refuse_network_disk


def modes(folder):
    """The permission bits of everything in the folder, and of the folder."""
    return {
        path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))
    }


@pytest.fixture
def wide_open():
    """A user whose umask closes nothing."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("wide_open")
def test_nobody_else_can_read_the_store(folder, made):
    """Folders are 0700 and files 0600 whatever the umask is, the log and the shared memory included."""
    with open_store(folder) as store:
        store.append(*made.entry())
        assert modes(folder) == {
            ".": 0o700,
            "packs": 0o700,
            "packs/000001.pack": 0o600,
            "store.db": 0o600,
            "store.db-shm": 0o600,
            "store.db-wal": 0o600,
            "store.lock": 0o600,
        }


@pytest.mark.parametrize("beside", [None, "store.db"])
def test_an_open_folder_of_ours_is_closed(tmp_path, beside):
    """A folder that was empty, or a store's, is closed to others when it is opened for writing."""
    if beside:
        open_store(tmp_path).close()
    tmp_path.chmod(0o755)
    open_store(tmp_path).close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_somebodys_folder_keeps_its_mode(tmp_path):
    """A folder in which other things are is not closed to those who use them."""
    (tmp_path / "letters").mkdir()
    tmp_path.chmod(0o755)
    open_store(tmp_path).close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_is_no_folder(tmp_path, read_only):
    """A plain file where the folder should be is named, and stays as it is."""
    file = tmp_path / "data"
    file.write_text("mine")
    with pytest.raises(StoreError, match="is a file, not a folder"):
        open_store(file, read_only=read_only)
    assert file.read_text() == "mine"


@pytest.mark.parametrize("path", ["/proc/nowhere/data", "/dev/null/data"])
def test_a_folder_that_cannot_be_made_is_a_store_error(path):
    """Where the system refuses to make the folder, the message is one line with the folder's name."""
    with pytest.raises(StoreError, match=path) as refusal:
        open_store(Path(path))
    assert "\n" not in str(refusal.value)


def test_a_folder_without_write_permission_is_a_store_error(folder, monkeypatch):
    """A folder that this user may not write to is refused before anything is tried."""
    folder.mkdir(mode=0o500)
    monkeypatch.setattr(os, "access", lambda path, mode: not (path == folder and mode & os.W_OK))
    with pytest.raises(StoreError, match="cannot be written to"):
        open_store(folder)
    assert list(folder.iterdir()) == []


def test_nothing_to_read_is_store_missing(tmp_path):
    """Reading makes no store: not in a folder that is missing, nor in an empty one."""
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(StoreMissing, match="there is no store in"):
            open_store(path, read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_store_whose_maker_was_stopped_at_once_is_missing(folder):
    """An empty database file, left by a maker that was killed, is no store to read, and becomes one when written."""
    folder.mkdir()
    (folder / "store.db").touch()
    with pytest.raises(StoreMissing, match=r"no store in .* yet"):
        open_store(folder, read_only=True)
    with open_store(folder) as store:
        assert store.counts()["measurements"] == 0


def test_a_second_writer_is_refused(folder, store, made):
    """In one process or another, the second writer hears who writes, and the first goes on."""
    with pytest.raises(StoreBusy, match=f"process {os.getpid()}\\) already writes to"):
        open_store(folder)
    script = "import sys; from pathlib import Path; from monitor.store import open_store; open_store(Path(sys.argv[1]))"
    other = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=False)
    assert f"StoreBusy: another presscanary (process {os.getpid()}) already writes to {folder}" in other.stderr
    assert store.append(*made.entry()) is True


def test_a_refused_writer_leaves_the_lock_to_its_holder(folder, store):
    """Being refused twice shows that the refusal did not take the lock away."""
    for _ in range(2):
        with pytest.raises(StoreBusy):
            open_store(folder)


def test_the_lock_ends_with_the_store(folder):
    """A store that was closed can be opened again at once."""
    for _ in range(3):
        open_store(folder).close()
    with open_store(folder) as store:
        assert store.outcomes() == ()


@pytest.mark.parametrize("kind", sorted(NETWORK_FILE_SYSTEMS))
def test_a_network_disk_is_refused(tmp_path, kind):
    """Where /proc/mounts says that the folder is on another machine's disk, the store does not start."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path} {kind} rw 0 0\n")
    with pytest.raises(StoreError, match=f"network file system .{kind}."):
        refuse_network_disk(tmp_path / "data" / "deeper", mounts)


def test_a_local_disk_is_not_refused(tmp_path):
    """A local disk below a network one is local, and a system that does not tell is trusted."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x / nfs rw 0 0\n/dev/sda1 {tmp_path} ext4 rw 0 0\n")
    assert refuse_network_disk(tmp_path / "data", mounts) is None
    assert refuse_network_disk(tmp_path / "data", tmp_path / "no such file") is None


def test_a_folder_with_odd_characters_works(tmp_path, made):
    """Characters that mean something in a URI mean nothing in a folder's name."""
    folder = tmp_path / "д а#т?a%20"
    with open_store(folder) as store:
        store.append(*made.entry())
    with open_store(folder, read_only=True) as reader:
        assert len(reader.outcomes()) == 1
    assert (folder / "store.db").exists()

"""The data folder: made with sane permissions, on a disk that SQLite can trust, with one writer at a time."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.store.errors import StoreBusy, StoreError, StoreMissing

FOLDER_MODE = 0o700
FILE_MODE = 0o600

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "gfs2", "ocfs2"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "davfs", "fuse.davfs2"}
)
"""Where WAL must not live: its readers and its writer share memory, which two machines do not (sqlite.org/wal.html)."""

_MOUNTS = Path("/proc/mounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Where a store's files are."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file; `-wal` and `-shm` stand beside it."""
        return self.path / "store.db"

    @property
    def packs(self) -> Path:
        """The folder of the pack files."""
        return self.path / "packs"

    @property
    def segments(self) -> Path:
        """The folder of the sealed months; missing until the first one is sealed."""
        return self.path / "segments"

    @property
    def lock(self) -> Path:
        """The file whose lock makes its holder the one writer."""
        return self.path / "store.lock"


def file_system(path: str, mounts: str) -> str:
    r"""The type of the file system that holds the absolute `path`, by the text of /proc/mounts; empty where none does.

    >>> mounts = "/dev/vda / ext4 rw 0 0\nserver:/home /mnt/my\\040files nfs4 rw 0 0\n"
    >>> file_system("/mnt/my files/data", mounts), file_system("/mnt/my", mounts)
    ('nfs4', 'ext4')
    """
    found: tuple[int, str] = (0, "")
    for line in mounts.splitlines():
        _, point, kind, *_ = line.split(" ")
        point = point.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        if path == point or path.startswith(point.rstrip("/") + "/"):
            found = max(found, (len(point), kind), key=lambda candidate: candidate[0])
    return found[1]


def prepare(path: Path) -> Folder:
    """The data folder, made (mode 0700) where it is missing; StoreError where it is a file or on a network disk."""
    if path.exists() and not path.is_dir():
        raise StoreError(f"{path} is a file, not a folder: name another data folder with --data-dir")
    if path.is_symlink() and not path.exists():
        raise StoreError(f"{path} is a link that leads nowhere: mend it, or name another data folder with --data-dir")
    refuse_network_disk(path)
    if not path.exists():
        path.mkdir(mode=FOLDER_MODE, parents=True)
        sync_folder(path.parent)
    folder = Folder(path=path)
    _tighten(folder)
    if not os.access(path, os.W_OK | os.X_OK):
        raise StoreError(f"{path} cannot be written to: give the folder to this user, or name another with --data-dir")
    folder.packs.mkdir(mode=FOLDER_MODE, exist_ok=True)
    _touch(folder.lock)
    return folder


def existing(path: Path) -> Folder:
    """The data folder of a store that is there already; StoreMissing where it is not."""
    folder = Folder(path=path)
    if path.exists() and not path.is_dir():
        raise StoreError(f"{path} is a file, not a folder: name another data folder with --data-dir")
    if not folder.database.exists():
        raise StoreMissing(f"there is no store in {path}: `presscanary run` or `presscanary import` makes one")
    refuse_network_disk(path)
    return folder


def make_database(folder: Folder) -> None:
    """Make the empty database file (mode 0600), from which SQLite takes the mode of its companions.

    Only where it is missing: opening and closing a file drops this process's locks on it (fcntl(2)), SQLite's included.
    """
    if not folder.database.exists():
        _touch(folder.database)
        sync_folder(folder.path)


def refuse_network_disk(path: Path, mounts: Path = _MOUNTS) -> None:
    """Raise StoreError where `path` is on a disk of another machine; a system without /proc/mounts is trusted."""
    if not mounts.exists():
        return
    kind = file_system(os.path.realpath(path), mounts.read_text(errors="surrogateescape"))
    if kind in NETWORK_FILE_SYSTEMS:
        raise StoreError(f"{path} is on a network file system ({kind}), where SQLite loses data: use a local disk")


@contextmanager
def locked(folder: Folder) -> Iterator[None]:
    """Be the one writer of `folder` inside the block; StoreBusy where somebody is. A dead writer's lock is gone."""
    handle = os.open(folder.lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise StoreBusy(
                f"{_holder(handle)} already writes to {folder.path}: stop it, or name another --data-dir"
            ) from busy
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Make the names in `path` survive a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _holder(handle: int) -> str:
    said = os.pread(handle, 20, 0).decode(errors="replace").strip()
    return f"another presscanary (process {said})" if said.isdecimal() else "another presscanary"


def _tighten(folder: Folder) -> None:
    """Close an open folder to others, where it is ours: empty or a store's. Somebody's home folder keeps its mode."""
    found = folder.path.stat()
    ours = folder.database.exists() or not any(folder.path.iterdir())
    if ours and found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
        folder.path.chmod(FOLDER_MODE)


def _touch(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))

"""Backup of a store while it is written to, to a folder or a tar; and its way back.

A backup is a store's files as of one snapshot of the database, with `backup.json` beside them: size and SHA-256 of each
file. The database is copied first (SQLite's own online backup), then the segments of the copy's manifest, and the packs
up to the lengths that the copy acknowledges, so that what is written meanwhile does not matter. Of the log beside it,
the heads come first, then the length that is promised, then the entries, of which there may be more. A backup has its
name only when it is complete and synced.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import quote

from monitor.store import documents, schema, segments
from monitor.store.errors import StoreError, damaged, translated
from monitor.store.folder import FILE_MODE, FOLDER_MODE, Folder, existing, sync_folder
from monitor.store.packs import pack_path
from monitor.store.readers import connect
from monitor.store.segments import SegmentGone
from monitor.store.upkeep import PATIENCE, Told, quiet

NAME = "backup.json"
LOG = tuple(f"log/{name}" for name in ("heads.jsonl", "key", "key.pub", "size.json", "entries"))
"""The files of the log, in the order in which a copy of them is whole while it grows."""
FLEET = ("fleet.db", "collector.key")
"""What a collector keeps beside the store (monitor/fleet, monitor/collector)."""
_PARTS = ("store.db", "packs", "segments", "log", *FLEET)
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a backup or a restore wrote."""

    path: str
    files: int
    bytes: int


def backup(data_dir: Path, target: Path, *, told: Told = quiet) -> Copied:
    """Copy the store in `data_dir` to `target`, which must not exist: a tar where the name ends in .tar, else a folder.

    Works beside a running writer. StoreError where the target exists or cannot be written; nothing half stays behind.
    """
    folder = existing(data_dir)
    if target.exists():
        raise StoreError(f"{target} exists already: name another place for the backup")
    unfinished = target.with_name(f".{target.name}.part")
    with translated(target), _swept(unfinished):
        unfinished.mkdir(mode=FOLDER_MODE, parents=True)
        sizes = _gather(folder, unfinished, told)
        finished = _as_tar(unfinished, sizes, told) if target.suffix == ".tar" else unfinished
        told("rename")
        finished.rename(target)
        sync_folder(target.parent)
    return Copied(path=str(target), files=len(sizes), bytes=sum(size for size, _ in sizes.values()))


def restore(source: Path, data_dir: Path, *, told: Told = quiet) -> Copied:
    """Make the store that a backup holds in `data_dir`, which must hold none; every file is compared with its hash.

    StoreError where there is no backup or a store is there already, StoreDamaged where a file is not what was copied.
    """
    if (data_dir / "store.db").exists():
        raise StoreError(f"there is a store in {data_dir} already: name another folder with --data-dir")
    unfinished = data_dir.with_name(f".{data_dir.name}.part")
    with translated(data_dir), _swept(unfinished), _opened(source) as reading:
        unfinished.mkdir(mode=FOLDER_MODE, parents=True)
        sizes = _list(source, reading)
        for name, expected in sizes.items():
            told(name)
            _check_name(source, name)
            with reading(name) as content, _made(unfinished, name) as file:
                found = _copy(content, file)
            if found != expected:
                raise damaged(source, f"{name}: its SHA-256 is not what {NAME} says")
        _check_database(unfinished)
        told("rename")
        _move_in(unfinished, data_dir, list(sizes))
    return Copied(path=str(data_dir), files=len(sizes), bytes=sum(size for size, _ in sizes.values()))


def _gather(folder: Folder, target: Path, told: Told) -> dict[str, tuple[int, str]]:
    """Copy a store's files of one moment into an empty folder; begun again where a segment was replaced meanwhile."""
    for attempt in range(PATIENCE):
        try:
            return _copy_all(folder, target, told)
        except SegmentGone:
            if attempt == PATIENCE - 1:
                raise
            shutil.rmtree(target)
            target.mkdir(mode=FOLDER_MODE)
    raise AssertionError


def _copy_all(folder: Folder, target: Path, told: Told) -> dict[str, tuple[int, str]]:
    sizes = _copy_fleet(folder, target, told)
    told("store.db")
    with closing(connect(folder, "ro")) as source:
        _copy_database(source, target / "store.db")
    with closing(connect(Folder(path=target), "ro")) as copied:
        if schema.check(copied, folder.path) < len(schema.shipped()):
            raise StoreError(f"the store in {folder.path} is of an older version: `presscanary store migrate` first")
        live, lengths = segments.live(copied), documents.committed(copied)
    sizes["store.db"] = _measured(target / "store.db")
    for segment in live:
        told(segment.path)
        path = segments.file_of(folder, segment)
        sizes[segment.path] = _copy_file(path, target, segment.path, segment.size)
        if sizes[segment.path] != (segment.size, segment.sha256.hex()):
            raise damaged(folder.path, f"{segment.path}: its SHA-256 is not that of the manifest")
    for number, length in sorted(lengths.items()):
        path = pack_path(folder, number)
        name = f"packs/{path.name}"
        told(name)
        if not path.exists():
            raise segments.gone(folder, name)
        sizes[name] = _copy_file(path, target, name, length)
        if sizes[name][0] != length:
            raise damaged(folder.path, f"{name} has {sizes[name][0]} of {length} bytes")
    for name in LOG:
        if (folder.path / name).exists():
            told(name)
            sizes[name] = _copy_file(folder.path / name, target, name, 2**62)
    with _made(target, NAME) as file:
        file.write(json.dumps(sizes, indent=1).encode())
    for home in {path.parent for path in target.rglob("*")}:
        sync_folder(home)
    return sizes


def _copy_fleet(folder: Folder, target: Path, told: Told) -> dict[str, tuple[int, str]]:
    """What a collector keeps beside the store: before it, so that what was acknowledged in the copy is in the copy."""
    sizes = {}
    database, key = (folder.path / name for name in FLEET)
    if database.exists():
        told(database.name)
        address = f"file:{quote(str(database))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as source:
            _copy_database(source, target / database.name)
        sizes[database.name] = _measured(target / database.name)
    if key.exists():
        sizes[key.name] = _copy_file(key, target, key.name, 2**62)
    return sizes


def _copy_database(source: sqlite3.Connection, target: Path) -> None:
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    target.chmod(FILE_MODE)
    segments.sync_file(target)


def _copy_file(source: Path, target: Path, name: str, length: int) -> tuple[int, str]:
    with source.open("rb") as reading, _made(target, name) as file:
        return _copy(reading, file, length)


def _copy(reading: IO[bytes], writing: IO[bytes], length: int = 2**62) -> tuple[int, str]:
    digest, left = hashlib.sha256(), length
    while left and (piece := reading.read(min(_PIECE, left))):
        writing.write(piece)
        digest.update(piece)
        left -= len(piece)
    return length - left, digest.hexdigest()


def _measured(path: Path) -> tuple[int, str]:
    size, digest = segments.digest_of(path)
    return size, digest.hex()


@contextmanager
def _made(folder: Path, name: str) -> Iterator[IO[bytes]]:
    """A new file under a folder, synced when the block ends."""
    path = folder / name
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    with path.open("xb") as file:
        os.fchmod(file.fileno(), FILE_MODE)
        yield file
        file.flush()
        os.fsync(file.fileno())


def _as_tar(folder: Path, sizes: dict[str, tuple[int, str]], told: Told) -> Path:
    """The folder's files as one tar beside it, the list first."""
    path = folder.with_name(f"{folder.name}.tar")
    told("tar")
    with path.open("xb") as file:
        os.fchmod(file.fileno(), FILE_MODE)
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name in (NAME, *sizes):
                tar.add(folder / name, name, recursive=False)
        file.flush()
        os.fsync(file.fileno())
    return path


@contextmanager
def _opened(source: Path) -> Iterator[Callable[[str], IO[bytes]]]:
    """A function that opens a file of a backup by its name; StoreError where this is no backup."""
    if (source / NAME).is_file():
        yield lambda name: (source / name).open("rb") if (source / name).is_file() else _lost(source, name)
        return
    try:
        with tarfile.open(source, "r:") as tar:
            members = {member.name: member for member in tar.getmembers() if member.isfile()}
            if NAME not in members:
                raise tarfile.TarError  # noqa: TRY301 - told below, in the same words
            yield lambda name: _member(source, tar, members.get(name), name)
    except (tarfile.TarError, IsADirectoryError, FileNotFoundError) as fault:
        raise StoreError(
            f"{source} is no backup of a store: a folder or a tar with {NAME} in it is expected"
        ) from fault


def _member(source: Path, tar: tarfile.TarFile, member: tarfile.TarInfo | None, name: str) -> IO[bytes]:
    content = None if member is None else tar.extractfile(member)
    return _lost(source, name) if content is None else content


def _list(source: Path, reading: Callable[[str], IO[bytes]]) -> dict[str, tuple[int, str]]:
    """The files of a backup with their sizes and hashes; StoreDamaged where the list is none."""
    try:
        with reading(NAME) as content:
            return {str(name): (int(size), str(digest)) for name, (size, digest) in json.loads(content.read()).items()}
    except (ValueError, AttributeError, TypeError) as fault:
        raise damaged(source, f"{NAME} is not a list of files") from fault


def _lost(source: Path, name: str) -> IO[bytes]:
    raise damaged(source, f"{name}: the file is missing")


def _check_name(source: Path, name: str) -> None:
    """Refuse a list of a stranger that names files elsewhere."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or path.parts[0] not in _PARTS:
        raise StoreError(f"{source} is no backup of a store: it names a file {name!r}")


def _check_database(folder: Path) -> None:
    with closing(connect(Folder(path=folder), "ro")) as copied:
        schema.check(copied, folder)
        (said,) = copied.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise damaged(folder, f"store.db: {said}")


def _move_in(unfinished: Path, data_dir: Path, names: list[str]) -> None:
    """Give the files their places; the database last, because with it the folder is a store."""
    if not data_dir.exists():
        unfinished.rename(data_dir)
        sync_folder(data_dir.parent)
        return
    for name in sorted(names, key=lambda name: name == "store.db"):
        place = data_dir / name
        place.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        (unfinished / name).rename(place)
        sync_folder(place.parent)


@contextmanager
def _swept(unfinished: Path) -> Iterator[None]:
    """Leave nothing half behind: neither what an earlier attempt left, nor this one's."""
    leftovers = (unfinished, unfinished.with_name(f"{unfinished.name}.tar"))
    _remove(leftovers)
    try:
        yield
    finally:
        _remove(leftovers)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

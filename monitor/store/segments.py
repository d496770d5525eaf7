"""The manifest of sealed months, and the files that it speaks of: written once, synced, never changed.

A file is `segments/m=YYYY-MM/NNNNNN.parquet`. It comes to life with the transaction that adds its row, and ends with
the one that says that it was removed; a file that the manifest does not speak of was never acknowledged, or is of no
use any more, and is swept away.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.store.errors import StoreDamaged, damaged
from monitor.store.folder import FILE_MODE, FOLDER_MODE, Folder, sync_folder
from monitor.store.sql import insertion, sentence
from monitor.store.times import microseconds, moment

VERSION = 2
"""Of the columns of a segment (docs/reference/store.md); a reader knows all versions up to its own."""
SINCE: Mapping[str, int] = {"ipv4": 2, "ipv6": 2}
"""The columns that came after the first version, and with which: earlier segments are read with NULL there."""
KIND = "observation"

_LIVE = (
    "SELECT id, path, month, min_time, max_time, rows, bytes AS size, sha256, schema_version "
    "FROM segment WHERE removed IS NULL"
)
_ADD = insertion(
    "segment",
    (
        *("id", "path", "kind", "month", "min_seq", "max_seq", "min_time", "max_time"),
        *("rows", "sha256", "schema_version", "bytes"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A live segment as the manifest knows it; times are microseconds, inclusive."""

    id: int
    path: str
    """Relative to the data folder."""
    month: str
    min_time: int
    max_time: int
    rows: int
    size: int
    sha256: bytes
    schema_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A segment file that is on disk, complete and synced, and not yet in the manifest."""

    id: int
    path: str
    month: str
    min_seq: int
    max_seq: int
    min_time: int
    max_time: int
    rows: int
    size: int
    sha256: bytes


class SegmentGone(StoreDamaged):
    """A file of the manifest is not there: it was replaced since the manifest was read, or it is lost."""


def live(connection: sqlite3.Connection, since: int | None = None, until: int | None = None) -> tuple[Segment, ...]:
    """The segments that may hold rows with `since` <= time < `until`, the oldest month first."""
    rows = connection.execute(
        sentence(_LIVE, "AND (:since IS NULL OR max_time >= :since) AND (:until IS NULL OR min_time < :until)")
        + " ORDER BY month, id",
        {"since": since, "until": until},
    )
    return tuple(Segment(**dict(row)) for row in rows.fetchall())


def next_id(connection: sqlite3.Connection) -> int:
    """The number of the next segment; numbers are never used twice, not even those of removed ones."""
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM segment").fetchone()
    return int(newest) + 1


def enter(connection: sqlite3.Connection, written: Written) -> None:
    """Add a written file to the manifest: from the commit on, its rows are read from it."""
    row = {field.name: getattr(written, field.name) for field in fields(written)}
    connection.execute(_ADD, row | {"kind": KIND, "schema_version": VERSION, "bytes": written.size})


def remove(connection: sqlite3.Connection, gone: Iterable[Segment], now: datetime, *, by: int | None) -> None:
    """Say that these segments are no longer read, since `now`, and which one took their place."""
    connection.executemany(
        "UPDATE segment SET removed = ?, replaced_by = ? WHERE id = ?",
        [(microseconds(now), by, segment.id) for segment in gone],
    )


def file_of(folder: Folder, segment: Segment) -> Path:
    """Where a live segment is; SegmentGone where it is not."""
    path = folder.path / segment.path
    if not path.is_file():
        raise gone(folder, segment.path)
    return path


def gone(folder: Folder, path: str) -> SegmentGone:
    """The error for a segment whose file is missing."""
    return SegmentGone(str(damaged(folder.path, f"{path}: the file is missing")))


def place(folder: Folder, number: int, month: str) -> tuple[Path, Path]:
    """Where a new segment is written first, and where it will stand; the folders are made and synced."""
    home = folder.segments / f"m={month}"
    for path in (folder.segments, home):
        if not path.is_dir():
            path.mkdir(mode=FOLDER_MODE)
            sync_folder(path.parent)
    return home / f".tmp-{number:06d}.parquet", home / f"{number:06d}.parquet"


def publish(temporary: Path, final: Path, told: Callable[[str], None]) -> tuple[int, bytes]:
    """Make a complete file durable under its name: sync, rename, sync the folder. Its size and its SHA-256."""
    temporary.chmod(FILE_MODE)
    told("sync")
    sync_file(temporary)
    size, digest = digest_of(temporary)
    told("rename")
    temporary.rename(final)
    told("settle")
    sync_folder(final.parent)
    return size, digest


def sync_file(path: Path) -> None:
    """Make a file's content survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest_of(path: Path) -> tuple[int, bytes]:
    """The size and the SHA-256 of a file, read in pieces."""
    size, digest = 0, hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            size += len(piece)
            digest.update(piece)
    return size, digest.digest()


def sweep(folder: Folder, known: Iterable[Segment]) -> list[str]:
    """Remove files that no live segment names, left by a crash or by a replacement; their paths, for the curious."""
    names = {segment.path for segment in known}
    swept = []
    for path in strays(folder, names):
        path.unlink(missing_ok=True)
        swept.append(str(path.relative_to(folder.path)))
    return swept


def strays(folder: Folder, names: set[str]) -> Iterator[Path]:
    """Segment files, finished or not, that are not among `names` (relative to the data folder)."""
    if not folder.segments.is_dir():
        return
    for path in sorted(folder.segments.glob("m=*/*.parquet")) + sorted(folder.segments.glob("m=*/.tmp-*.parquet")):
        if str(path.relative_to(folder.path)) not in names:
            yield path


def month_of(time: int) -> str:
    """The UTC month of a moment.

    >>> month_of(microseconds(datetime(2024, 2, 29, tzinfo=UTC)))
    '2024-02'
    """
    return moment(time).strftime("%Y-%m")


def month_after(time: int) -> int:
    """When the month after that of `time` begins.

    >>> moment(month_after(microseconds(datetime(2024, 12, 5, tzinfo=UTC)))).isoformat()
    '2025-01-01T00:00:00+00:00'
    """
    found = moment(time)
    return microseconds(datetime(found.year + found.month // 12, found.month % 12 + 1, 1, tzinfo=UTC))


def month_start(time: datetime) -> datetime:
    """When the UTC month of `time` began."""
    return time.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def document_of(segment: Segment) -> dict[str, Any]:
    """A segment for people and scripts."""
    return {
        "path": segment.path,
        "month": segment.month,
        "first": moment(segment.min_time),
        "last": moment(segment.max_time),
        "rows": segment.rows,
        "bytes": segment.size,
        "sha256": segment.sha256.hex(),
    }

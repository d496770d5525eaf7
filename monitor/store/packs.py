"""Raw documents in append-only pack files: compressed, each with its length, hash and checksum, never changed.

A record is a header of 48 bytes, big-endian, and a zstd frame (RFC 8878):

    magic "PCR1" | length of the frame, u32 | length of the document, u32 | SHA-256 of the document | CRC-32 of the rest

The index (which document is where, and how long a pack was when the last transaction was committed) is in SQLite. A
pack is synced before the commit that speaks of it; so whatever follows the committed length was never acknowledged, is
never read, and is cut off by the next writer.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.store.errors import damaged
from monitor.store.folder import FILE_MODE, Folder, sync_folder

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAGIC = b"PCR1"
_HEADER = struct.Struct(">4sII32sI")
_BODY = struct.Struct(">4sII32s")

_THREAD = threading.local()

PACK_SIZE = 256 * 1024 * 1024
"""A pack that has grown past this is followed by a new one: small enough to copy, large enough to be few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A raw document, compressed and ready to be written."""

    sha256: bytes
    size: int
    record: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a record is."""

    pack: int
    start: int
    length: int


def compress(content: bytes) -> Document:
    """The record of a document.

    >>> expand(compress(b"facts").record)
    b'facts'
    """
    compressor = getattr(_THREAD, "compressor", None)
    if compressor is None:  # a new one for each document would cost more than the work itself
        compressor = _THREAD.compressor = zstd.ZstdCompressor()
    frame = compressor.compress(content, mode=zstd.ZstdCompressor.FLUSH_FRAME)
    digest = hashlib.sha256(content).digest()
    head = _BODY.pack(MAGIC, len(frame), len(content), digest)
    checksum = struct.pack(">I", zlib.crc32(head + frame))
    return Document(sha256=digest, size=len(content), record=head + checksum + frame)


def expand(record: bytes) -> bytes:
    """The document of a record; ValueError says what about the record is wrong."""
    if len(record) < _HEADER.size:
        raise ValueError("cut short")
    magic, length, size, digest, checksum = _HEADER.unpack_from(record)
    frame = record[_HEADER.size :]
    if magic != MAGIC or len(frame) != length:
        raise ValueError("no record starts here")
    if zlib.crc32(record[: _BODY.size] + frame) != checksum:
        raise ValueError("wrong checksum")
    content = zstd.ZstdDecompressor().decompress(frame, max_length=size + 1)
    if hashlib.sha256(content).digest() != digest:
        raise ValueError("wrong hash")
    return content


def fetch(folder: Folder, spot: Spot) -> bytes:
    """The document at `spot`; StoreDamaged where the bytes are not what was written."""
    return _read(folder, spot)[1]


def record(folder: Folder, spot: Spot) -> bytes:
    """The record at `spot` as it stands, checked; StoreDamaged where the bytes are not what was written."""
    return _read(folder, spot)[0]


def _read(folder: Folder, spot: Spot) -> tuple[bytes, bytes]:
    path = pack_path(folder, spot.pack)
    try:
        with path.open("rb") as file:
            file.seek(spot.start)
            found = file.read(spot.length)
            return found, expand(found)
    except (ValueError, FileNotFoundError, zstd.ZstdError) as fault:
        what = "the file is missing" if isinstance(fault, FileNotFoundError) else str(fault)
        raise damaged(folder.path, f"packs/{path.name} at byte {spot.start}: {what}") from fault


def rescue(path: Path) -> Iterator[bytes]:
    """Every whole document of a pack whose index is lost, found by the records alone; what is torn is stepped over."""
    content = path.read_bytes()
    start = content.find(MAGIC)
    while start >= 0:
        try:
            length = _HEADER.size + _HEADER.unpack_from(content, start)[1]
            yield expand(content[start : start + length])
        except (ValueError, struct.error, zstd.ZstdError):
            length = len(MAGIC)
        start = content.find(MAGIC, start + length)


def pack_path(folder: Folder, number: int) -> Path:
    """Where the pack with this number is."""
    return folder.packs / f"{number:06d}.pack"


class PackWriter:
    """The one appender. `end` is where the next record goes; `settled` is up to where bytes may not be taken back."""

    def __init__(self, folder: Folder, committed: dict[int, int], *, pack_size: int = PACK_SIZE) -> None:
        """Open the newest pack of the index and cut off its torn tail; StoreDamaged where a pack has lost bytes."""
        _check_lengths(folder, committed)
        self._folder, self._pack_size = folder, pack_size
        self.number = max(committed, default=1)
        _sweep(folder, committed, self.number)
        self._open(committed.get(self.number, 0))

    def append(self, document: Document) -> Spot:
        """Write a record behind the others, not yet synced; OSError where the disk refuses."""
        (spot,) = self.append_all([document])
        return spot

    def append_all(self, documents: Iterable[Document]) -> list[Spot]:
        """`append` for many, with one write."""
        records = [document.record for document in documents]
        waiting = memoryview(b"".join(records))
        while waiting:
            waiting = waiting[os.write(self._handle, waiting) :]
        spots = []
        for record in records:
            spots.append(Spot(pack=self.number, start=self.end, length=len(record)))
            self.end += len(record)
        return spots

    def sync(self) -> None:
        """Make what was appended survive a power cut."""
        if self.end > self._settled:
            os.fdatasync(self._handle)

    def settle(self) -> None:
        """Let everything stand as it is: it was committed, or nobody can tell whether it was."""
        self.end = self._settled = os.lseek(self._handle, 0, os.SEEK_END)

    def cut(self) -> None:
        """Give back the room that was taken since the last `settle`."""
        os.ftruncate(self._handle, self._settled)
        self.end = self._settled

    def roll(self) -> None:
        """Go on in a new pack where this one is large; call it between transactions."""
        if self.end >= self._pack_size:
            self.close()
            self.number += 1
            self._open(0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)

    def _open(self, committed: int) -> None:
        path = pack_path(self._folder, self.number)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
        os.ftruncate(self._handle, committed)
        sync_folder(self._folder.packs)
        self.end = self._settled = committed


def _sweep(folder: Folder, committed: dict[int, int], newest: int) -> None:
    """Remove packs that were written anew elsewhere when the process ended before it could."""
    for path in folder.packs.glob("*.pack"):
        if path.stem.isdecimal() and int(path.stem) < newest and int(path.stem) not in committed:
            path.unlink()


def _check_lengths(folder: Folder, committed: dict[int, int]) -> None:
    for number, length in committed.items():
        path = pack_path(folder, number)
        found = path.stat().st_size if path.exists() else 0
        if found < length:
            raise damaged(folder.path, f"packs/{path.name} has {found} of {length} bytes")

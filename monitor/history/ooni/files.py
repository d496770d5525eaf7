"""Files of JSON documents, compressed or not, read piece by piece: no file can fill the memory or stop the reading."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from monitor.history import Unreadable

_GZIP = b"\x1f\x8b"
_PIECE = 64 * 1024
_TOO_LARGE = "larger than a document can be"
_ENDINGS = (".json", ".jsonl", ".json.gz", ".jsonl.gz", ".gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much of a stranger's file is swallowed before it is called hostile."""

    document: int = 32 * 1024 * 1024
    """Bytes of one document; OONI's are between 1 kB and a few MB."""
    free: int = 64 * 1024 * 1024
    """Bytes that a compressed file may grow to, whatever its size …"""
    ratio: int = 100
    """… and how many times its size beyond that; real files reach 5 to 20."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One document as bytes, and where it stands: the file and line, or the file where it fills all of it."""

    raw: bytes
    where: str


class _BrokenError(Exception):
    """The rest of a file cannot be read; the message says why."""


def files(path: Path) -> tuple[Path, ...]:
    """The files that may hold documents: the path itself, or all below it that are named like such files, sorted.

    Links are not followed, and tar archives are no such files.
    """
    if not path.is_dir():
        return (path,)
    return tuple(
        sorted(file for file in path.rglob("*") if _named_so(file) and file.is_file() and not file.is_symlink())
    )


def pieces(path: Path, *, caps: Caps, seen: Callable[[int], None]) -> Iterator[Piece | Unreadable]:
    """The documents of one file, in its order, and an Unreadable for each place that holds none.

    `seen` is told how many bytes of the file were taken in. Where the file is cut off or breaks, what was whole
    before is still given.
    """
    try:
        with path.open("rb") as file:
            yield from _documents(path, _lines(_chunks(file, caps, seen), caps.document), caps.document)
    except OSError as fault:
        yield Unreadable(where=str(path), why=fault.strerror or "cannot be read")


def _named_so(path: Path) -> bool:
    name = path.name.lower()
    return name.endswith(_ENDINGS) and not name.endswith((".tar.gz", ".tgz"))


def _documents(path: Path, lines: Iterator[tuple[int, bytes | None]], cap: int) -> Iterator[Piece | Unreadable]:
    """One document per line; or one for the whole file, where its first line is not a document by itself."""
    number = 0
    try:
        number, first = next(((number, line) for number, line in lines if line is None or line.strip()), (0, b""))
        if number == 0:
            yield Unreadable(where=str(path), why="empty")
        elif first is not None and not _by_lines(path, first):
            yield _gathered(path, first, lines, cap)
        else:
            yield _on_line(path, number, first)
            for number, line in lines:
                if line is None or line.strip():
                    yield _on_line(path, number, line)
    except _BrokenError as fault:
        yield Unreadable(where=f"{path}:{number + 1}", why=str(fault))


def _by_lines(path: Path, first: bytes) -> bool:
    if path.name.lower().endswith((".jsonl", ".jsonl.gz")):
        return True
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True


def _on_line(path: Path, number: int, line: bytes | None) -> Piece | Unreadable:
    if line is None:
        return Unreadable(where=f"{path}:{number}", why=_TOO_LARGE)
    return Piece(raw=line, where=f"{path}:{number}")


def _gathered(path: Path, first: bytes, lines: Iterator[tuple[int, bytes | None]], cap: int) -> Piece | Unreadable:
    """The rest of the file behind its first line, as one document."""
    document = bytearray(first)
    for _, line in lines:
        if line is None or len(document) + len(line) > cap:
            return Unreadable(where=str(path), why=_TOO_LARGE)
        document += b"\n" + line
    return Piece(raw=bytes(document), where=str(path))


def _lines(chunks: Iterator[bytes], cap: int) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines; None for one that is longer than a document may be, of which nothing is kept."""
    number, held, dropping = 1, bytearray(), False
    for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            held += piece
            yield number, None if dropping or len(held) > cap else bytes(held)
            number, held, dropping = number + 1, bytearray(), False
        held += rest
        if len(held) > cap:
            held, dropping = bytearray(), True
    if held or dropping:
        yield number, None if dropping else bytes(held)


def _chunks(file: BinaryIO, caps: Caps, seen: Callable[[int], None]) -> Iterator[bytes]:
    """What is in the file, inflated where it begins like gzip, whatever its name says."""
    plain = _read(file, seen)
    first = next(plain, b"")
    whole = chain([first], plain)
    return _inflated(whole, caps) if first.startswith(_GZIP) else whole


def _read(file: BinaryIO, seen: Callable[[int], None]) -> Iterator[bytes]:
    while chunk := file.read(_PIECE):
        seen(len(chunk))
        yield chunk


def _inflated(chunks: Iterator[bytes], caps: Caps) -> Iterator[bytes]:
    """The members of a gzip file one after the other (RFC 1952 §2.2), never more than a piece at once."""
    taken = given = 0
    member = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        taken += len(chunk)
        rest = chunk
        while rest:
            if member.eof:
                member = zlib.decompressobj(wbits=31)
            piece = _inflate(member, rest)
            given += len(piece)
            if given > max(caps.free, caps.ratio * taken):
                raise _BrokenError(f"grows to more than {caps.ratio} times its size: reading stopped")
            yield piece
            # Zeros after the last member are padding.
            rest = member.unused_data.lstrip(b"\0") if member.eof else member.unconsumed_tail
    if not member.eof:
        raise _BrokenError("the compressed file ends in the middle")


def _inflate(member: zlib._Decompress, data: bytes) -> bytes:
    try:
        return member.decompress(data, _PIECE)
    except zlib.error as fault:
        raise _BrokenError(f"damaged compression: {fault}") from None

"""The log's entries on disk: one file that only grows, 32 bytes each, and a small one that says how many are promised.

An entry is the SHA-256 of a measurement's canonical document, so the log tells nobody what was measured, and goes on
holding when the document is removed. What follows the promised length was never acknowledged, and is cut at the next
opening. `position` says how far the store has been read; it is written down together with the length.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Sequence
from pathlib import Path

from monitor.log.errors import LogDamaged, LogMissing
from monitor.log.tree import complete, leaf_hash, node_hash

ENTRY = 32
"""Bytes of an entry: a SHA-256."""
BLOCK = 10
"""The level of the subtrees that are remembered: 1,024 entries take about a millisecond to hash again."""


class Entries:
    """The entries of a log. State: the promised size and position, and the hashes of subtrees that were asked for."""

    def __init__(self, folder: Path) -> None:
        self._file, self._promise = folder / "entries", folder / "size.json"
        self._known: dict[tuple[int, int], bytes] = {}
        try:
            told = json.loads(self._promise.read_bytes())
            self.size, self.position = int(told["size"]), int(told["position"])
        except FileNotFoundError as missing:
            raise LogMissing(f"there is no log in {folder} yet: `presscanary run` begins one") from missing
        except (ValueError, KeyError, TypeError) as fault:
            raise LogDamaged(f"the log in {folder} is damaged (size.json): restore a backup of the folder") from fault
        if self._file.stat().st_size < self.size * ENTRY:
            raise LogDamaged(
                f"the log in {folder} is damaged (entries: {self._file.stat().st_size // ENTRY} are left of "
                f"{self.size}): restore a backup of the folder"
            )

    def append(self, entries: Sequence[bytes], position: int) -> None:
        """Add entries and say how far the store has been read; both are on disk when this returns."""
        if any(len(entry) != ENTRY for entry in entries):
            raise ValueError("an entry is a SHA-256: 32 bytes")
        if entries:
            with self._file.open("r+b") as file:
                file.truncate(self.size * ENTRY)
                file.seek(0, os.SEEK_END)
                file.write(b"".join(entries))
                file.flush()
                os.fsync(file.fileno())
        promise(self._promise, self.size + len(entries), position)
        self.size, self.position = self.size + len(entries), position

    def entry(self, index: int) -> bytes:
        """The entry at an index; IndexError where there is none."""
        if not 0 <= index < self.size:
            raise IndexError(f"a log of {self.size} entries has no entry {index}")
        return self.between(index, index + 1)[0]

    def between(self, start: int, stop: int) -> list[bytes]:
        """The entries from `start` to before `stop`."""
        with self._file.open("rb") as file:
            file.seek(start * ENTRY)
            content = file.read((stop - start) * ENTRY)
        return [content[at : at + ENTRY] for at in range(0, len(content), ENTRY)]

    def find(self, prefix: bytes) -> int | None:
        """The index of the first entry that begins with `prefix`, from the newest block back; None where none does."""
        if not self.size:
            return None
        with (
            self._file.open("rb") as file,
            mmap.mmap(file.fileno(), self.size * ENTRY, access=mmap.ACCESS_READ) as held,
        ):
            at = len(held)
            while (at := held.rfind(prefix, 0, at)) != -1:
                if at % ENTRY == 0:
                    return at // ENTRY
                at += len(prefix) - 1
        return None

    def subtree(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree (`tree.Subtrees`); those of a block and above are remembered."""
        if level < BLOCK:
            return complete([leaf_hash(entry) for entry in self.between(index << level, (index + 1) << level)])
        if (found := self._known.get((level, index))) is None:
            found = self._hashed(level, index)
            self._known[level, index] = found
        return found

    def _hashed(self, level: int, index: int) -> bytes:
        if level == BLOCK:
            return complete([leaf_hash(entry) for entry in self.between(index << level, (index + 1) << level)])
        return node_hash(self.subtree(level - 1, 2 * index), self.subtree(level - 1, 2 * index + 1))


def begin(folder: Path) -> None:
    """Make the files of an empty log where there are none (folder 0700, files 0600)."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / "size.json").exists():
        os.close(os.open(folder / "entries", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        promise(folder / "size.json", 0, 0)


def promise(file: Path, size: int, position: int) -> None:
    """Replace the file that says how many entries are promised: a crash leaves the old one or the new one."""
    write(file, json.dumps({"size": size, "position": position}).encode())


def write(file: Path, content: bytes) -> None:
    """Put content in the place of a file (mode 0600), at once and for good."""
    fresh = file.with_name(file.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

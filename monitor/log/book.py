"""The log itself: entries go in, receipts, signed heads and proofs come out. One process writes, others may read."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from monitor.log import tree
from monitor.log.entries import Entries, begin, write
from monitor.log.errors import LogBusy, LogDamaged, LogError, LogMissing
from monitor.log.heads import Head, sign
from monitor.sshsig import PublicKey, SignatureError, SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a log says of an entry it has taken: where it stands, in a tree of what size and root (hex)."""

    index: int
    size: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """A proof that an entry stands at an index of the tree of a size; hashes in hex, `path` from the leaf up."""

    entry: str
    index: int
    size: int
    root: str
    path: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the proof is one."""
        path = [bytes.fromhex(node) for node in self.path]
        return tree.included(bytes.fromhex(self.entry), self.index, self.size, path, bytes.fromhex(self.root))


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """A proof that the tree of the second size begins with that of the first; everything in hex."""

    first: int
    second: int
    first_root: str
    second_root: str
    path: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the proof is one."""
        path = [bytes.fromhex(node) for node in self.path]
        roots = bytes.fromhex(self.first_root), bytes.fromhex(self.second_root)
        return tree.consistent(self.first, self.second, path, *roots)


class Log:
    """A transparency log in a folder (RFC 9162 §2): `entries`, `heads.jsonl`, `key` and `key.pub`."""

    def __init__(self, folder: Path, key: SigningKey | None, held: ExitStack) -> None:
        self.folder = folder
        self.entries = Entries(folder)
        self.public = _public(folder)
        self._key, self._held = key, held

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others write; closing twice is once."""
        self._held.close()

    @property
    def size(self) -> int:
        """How many entries are promised."""
        return self.entries.size

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` entries, by default all; IndexError where there are not so many."""
        wanted = self.size if size is None else size
        if not 0 <= wanted <= self.size:
            raise IndexError(f"the log holds {self.size} entries, not {wanted}")
        return tree.root(self.entries.subtree, wanted)

    def append(self, entries: Sequence[bytes], position: int) -> tuple[Receipt, ...]:
        """Take entries (SHA-256, 32 bytes each) in this order, and how far the store was read; durable on return."""
        first = self.size
        with _translated(self.folder):
            self.entries.append(entries, position)
        root = self.root().hex()
        return tuple(Receipt(index=first + place, size=self.size, root=root) for place in range(len(entries)))

    def sign(self, time: datetime) -> Head:
        """Sign what the log holds now, and keep the head; the newest one where nothing came since."""
        if self._key is None:
            raise LogError(f"the log in {self.folder} was opened for reading only")
        heads = self.heads()
        if heads and heads[-1].size == self.size:
            return heads[-1]
        head = sign(self._key, size=self.size, root=self.root(), time=time, previous=heads[-1] if heads else None)
        with _translated(self.folder):
            write(self.folder / "heads.jsonl", "".join(f"{one.line}\n" for one in (*heads, head)).encode())
        return head

    def heads(self) -> tuple[Head, ...]:
        """Every signed head, oldest first; LogDamaged where a line is none."""
        try:
            lines = (self.folder / "heads.jsonl").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ()
        except ValueError as fault:
            raise LogDamaged(f"the log in {self.folder} is damaged (heads.jsonl is no text)") from fault
        return tuple(Head.read(line) for line in lines)

    def include(self, measurement: str, size: int | None = None) -> Inclusion | None:
        """The proof that a measurement (its id, or the SHA-256 of its document, hex) is in the tree of `size` entries.

        None where it is not in it; IndexError for a size that the log has not reached.
        """
        root, wanted = self.root(size), self.size if size is None else size
        index = self.entries.find(bytes.fromhex(measurement))
        if index is None or index >= wanted:
            return None
        path = tree.inclusion(self.entries.subtree, index, wanted)
        return Inclusion(
            entry=self.entries.entry(index).hex(),
            index=index,
            size=wanted,
            root=root.hex(),
            path=tuple(node.hex() for node in path),
        )

    def connect(self, first: int, second: int) -> Consistency:
        """The proof that the tree of `second` entries begins with that of `first`; IndexError where it cannot."""
        roots = self.root(first).hex(), self.root(second).hex()
        path = tree.consistency(self.entries.subtree, first, second)
        return Consistency(
            first=first,
            second=second,
            first_root=roots[0],
            second_root=roots[1],
            path=tuple(node.hex() for node in path),
        )


def open_writing(folder: Path) -> Log:
    """The log in a folder as its one writer, begun with a new key where there is none; LogError says what is wrong."""
    with ExitStack() as held, _translated(folder):
        begin(folder)
        held.enter_context(_locked(folder))
        return Log(folder, _key(folder), held.pop_all())


def open_reading(folder: Path) -> Log:
    """The log in a folder, beside whoever writes; LogMissing where there is none."""
    with _translated(folder):
        return Log(folder, None, ExitStack())


def _key(folder: Path) -> SigningKey:
    """The key of the log, made once. A log whose key is lost is not given another one silently."""
    file = folder / "key"
    if not file.exists():
        if (folder / "key.pub").exists():
            raise LogDamaged(f"the log's key {file} is missing: restore it; a new key would be a new log")
        key = SigningKey.generate()
        write(file, key.content)
        write(folder / "key.pub", f"{key.public.line} presscanary log\n".encode())
        return key
    try:
        return SigningKey.read(file.read_bytes())
    except SignatureError as fault:
        raise LogDamaged(f"the log's key {file} cannot be read: {fault}") from fault


def _public(folder: Path) -> PublicKey:
    try:
        return PublicKey.read((folder / "key.pub").read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise LogMissing(f"there is no log in {folder} yet: `presscanary run` begins one") from missing
    except ValueError as fault:
        raise LogDamaged(f"the log's public key {folder / 'key.pub'} cannot be read: {fault}") from fault


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise LogBusy(f"another presscanary already writes to the log in {folder}") from busy
        yield
    finally:
        os.close(handle)


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise LogError(f"the log in {folder} could not be used: {fault.strerror or fault}") from fault

"""Tree heads: the log's size and root at a moment, signed, each naming the one before.

Whoever keeps a head can later show that the log still begins with what it held then; that is why heads are published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from monitor.log.errors import LogDamaged
from monitor.sshsig import PublicKey, SignatureError, SigningKey
from probes.document import canonical, rfc3339

NAMESPACE = "tree-head@presscanary"
"""What signatures of tree heads are for, in OpenSSH's sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A signed tree head. `root` and `previous` (the SHA-256 of the head before; empty for the first) are hex."""

    log: str
    """The fingerprint of the key that signs the log's heads."""
    size: int
    root: str
    time: str
    previous: str
    signature: str

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is of: the head as canonical JSON, without the signature."""
        told = {"log": self.log, "previous": self.previous, "root": self.root, "size": self.size, "time": self.time}
        return canonical(told)

    @property
    def sha256(self) -> str:
        """The hash by which the next head names this one (hex)."""
        return hashlib.sha256(self.signed).hexdigest()

    @property
    def line(self) -> str:
        """The head as one line of JSON, as it is kept and published."""
        return canonical(json.loads(self.signed) | {"signature": self.signature}).decode()

    @classmethod
    def read(cls, line: str) -> Self:
        """The head that a line holds; LogDamaged for anything else. The signature is not checked here."""
        try:
            told: dict[str, Any] = json.loads(line)
            head = cls(**told)
            sane = isinstance(head.size, int) and head.size >= 0 and len(bytes.fromhex(head.root)) == 32
            texts = all(isinstance(text, str) for text in (head.log, head.time, head.previous, head.signature))
        except (ValueError, TypeError) as fault:
            raise LogDamaged("this is no tree head") from fault
        if not sane or not texts:
            raise LogDamaged("this is no tree head")
        return head

    def check(self, key: PublicKey) -> None:
        """Return where the head was signed with this key; LogDamaged says why not."""
        try:
            key.check(self.signature, self.signed, NAMESPACE)
        except SignatureError as fault:
            raise LogDamaged(
                f"the head of {self.time} over {self.size} entries is not what was signed: {fault}"
            ) from fault


def sign(key: SigningKey, *, size: int, root: bytes, time: datetime, previous: Head | None) -> Head:
    """The signed head of a tree."""
    bare = Head(
        log=key.public.fingerprint,
        size=size,
        root=root.hex(),
        time=rfc3339(time),
        previous="" if previous is None else previous.sha256,
        signature="",
    )
    return replace(bare, signature=key.sign(bare.signed, NAMESPACE))


def broken(heads: Iterable[Head], key: PublicKey) -> list[str]:
    """What is wrong with a row of heads in themselves: signatures, the order, and who names whom."""
    found: list[str] = []
    before: Head | None = None
    for head in heads:
        try:
            head.check(key)
        except LogDamaged as fault:
            found.append(str(fault))
        if head.previous != ("" if before is None else before.sha256):
            found.append(f"the head of {head.time} over {head.size} entries does not name the one before it")
        if before is not None and head.size < before.size:
            found.append(f"the head of {head.time} is over fewer entries ({head.size}) than the one before it")
        before = head
    return found

"""Batches: measurements as they leave a vantage point, numbered, chained and signed.

A batch is one zstd frame (RFC 8878) around lines: the first is a letter with the header, each of the others is the
canonical document of one measurement. The header names the hash of each document and of the header before; so a single
measurement can be proven with the header alone, and whatever is taken away or moved leaves a gap that shows.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from monitor.sshsig import PublicKey, SigningKey
from monitor.wire.errors import WireError
from monitor.wire.letter import Letter
from probes.document import canonical, document

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

NAMESPACE = "batch@presscanary"

FORM = 1
"""The version of all this; a collector refuses those that it does not know."""
MOST_BYTES = 1024 * 1024
"""Of a batch as it is sent …"""
MOST_INFLATED = 8 * 1024 * 1024
"""… and when it is inflated."""
MOST_ROWS = 500
"""Measurements in a batch."""
_WINDOW = {int(zstd.DecompressionParameter.window_log_max): 23}
"""A frame may ask for a window of 8 MiB at most (RFC 8878 §3.1.1.1.2): what it may inflate to anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """How far the vantage point's clock was ahead of the collector's while the batch's measurements were made.

    `offset` and `within` (half the round trip that the comparison took) are seconds; None where no comparison holds
    for that time, as after a restart without an uplink.
    """

    offset: float | None = None
    within: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Measurements that were made and can never be sent, since the batch before: how many, from when to when, why."""

    count: int
    first: str
    last: str
    why: str
    """`spool_full`, `disk_full`, `too_large` or `damaged`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What is signed of a batch. Times are RFC 3339 by the vantage point's clock, hashes are hex."""

    key: str
    """Fingerprint of the vantage point's key (`SHA256:…`)."""
    sequence: int
    """1 for a key's first batch, then one more each time."""
    previous: str
    """SHA-256 of the header before; empty for the first."""
    made: str
    software: str
    plan: str
    """SHA-256 of the plan's document in force."""
    measurements: tuple[str, ...]
    """SHA-256 of each document, in the order of the lines; none in a batch that only says "still here"."""
    clock: ClockReading = field(default_factory=ClockReading)
    dropped: tuple[Dropped, ...] = ()
    waiting: int = 0
    """Measurements that were still kept behind this batch."""
    form: int = FORM

    @property
    def sha256(self) -> str:
        """The hash by which the next header names this one."""
        return hashlib.sha256(canonical(document(self))).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch that was read: its header, the letter that it came in, and each measurement's canonical document."""

    header: Header
    letter: Letter
    documents: tuple[bytes, ...]

    @classmethod
    def read(cls, raw: bytes, key: PublicKey) -> Self:
        """The batch in some bytes, signed with this key; WireError says why it is none.

        What the documents say is not looked at, only that they are the ones that were signed.
        """
        first, _, rest = inflated(raw).partition(b"\n")
        letter = Letter.read(first)
        header = letter.opened(Header, key, NAMESPACE)
        documents = tuple(rest.split(b"\n")[:-1]) if rest else ()
        _fit(header, documents, key, closed=rest.endswith(b"\n") or not rest)
        return cls(header=header, letter=letter, documents=documents)


def _fit(header: Header, documents: Sequence[bytes], key: PublicKey, *, closed: bool) -> None:
    if header.form != FORM:
        raise WireError("this is a batch of a form that is not known here")
    if header.key != key.fingerprint or header.sequence < 1:
        raise WireError("the header is not this key's, or has no number")
    if len(header.measurements) > MOST_ROWS:
        raise WireError(f"a batch has {MOST_ROWS} measurements at most", "too_large")
    if not closed or tuple(hashlib.sha256(each).hexdigest() for each in documents) != header.measurements:
        raise WireError("the measurements are not the ones that the header names")


def compose(header: Header, documents: Iterable[bytes], key: SigningKey) -> bytes:
    """The batch as it is sent; whether it keeps the limits is for the caller to see."""
    letter = Letter.sign(header, key, NAMESPACE)
    return zstd.compress(b"".join(line + b"\n" for line in (letter.content, *documents)))


def inflated(raw: bytes) -> bytes:
    """What a zstd frame holds; WireError for anything else, and before more than MOST_INFLATED bytes are made of it."""
    if len(raw) > MOST_BYTES:
        raise WireError(f"a batch is {MOST_BYTES} bytes long at most", "too_large")
    unpack = zstd.ZstdDecompressor(options=_WINDOW)
    try:
        content = unpack.decompress(raw, max_length=MOST_INFLATED + 1)
    except (zstd.ZstdError, EOFError, MemoryError) as fault:
        raise WireError("this is no zstd frame") from fault
    if len(content) > MOST_INFLATED:
        raise WireError(f"a batch inflates to {MOST_INFLATED} bytes at most", "too_large")
    if not unpack.eof or unpack.unused_data:
        raise WireError("the zstd frame is cut off, or something follows it")
    return content

"""What comes in for a server, checked before anything is sent: each entry belongs together, and is of one kind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from monitor.model import Finding, Outcome
from monitor.store.entries import check_belonging, check_verdict
from monitor.store.errors import StoreError
from monitor.store.flat import OUTCOME, same
from probes.document import canonical, document
from probes.model import Measurement

T = TypeVar("T")

Claim: TypeAlias = Callable[[bool], None]
"""Says to the state store that what comes is simulated, or real; StoreError where it holds the other."""
Given: TypeAlias = tuple[Measurement, Outcome, bytes | None]

GROUP = 512
"""At most so many measurements are written at once: a lost connection has little to do again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A measurement that may be written: its row, its canonical document and the original with their SHA-256."""

    row: Mapping[str, Any]
    own: bytes
    own_hash: bytes
    original: bytes | None
    original_hash: bytes | None


def admit(given: Iterable[Given], claim: Claim) -> tuple[list[Entry], list[Exception | None]]:
    """The entries that may be written, and for each given one what is wrong with it, or None.

    An entry that contradicts itself is raised at once, before any is written.
    """
    checked = []
    for measurement, outcome, original in given:
        own = canonical(document(measurement))
        hashes = hashlib.sha256(own).digest(), None if original is None else hashlib.sha256(original).digest()
        check_verdict(outcome)
        check_belonging(measurement, outcome, *hashes)
        checked.append((outcome, own, original, hashes))
    entries: list[Entry] = []
    faults: list[Exception | None] = []
    for outcome, own, original, (own_hash, original_hash) in checked:
        try:
            row = OUTCOME.row(outcome, same)
            claim(outcome.simulated)
        except Exception as fault:  # noqa: BLE001 - it is raised when the others are stored
            faults.append(fault)
            continue
        faults.append(None)
        entries.append(Entry(row=row, own=own, own_hash=own_hash, original=original, original_hash=original_hash))
    return entries, faults


def belonging(measurement: Measurement, finding: Finding) -> tuple[bytes, bytes]:
    """The canonical document of an experiment and its SHA-256; StoreError where the finding is not about it."""
    own = canonical(document(measurement))
    sha256 = hashlib.sha256(own).digest()
    if sha256[:16].hex() != finding.measurement:
        raise StoreError(f"the finding speaks of measurement {finding.measurement}, not of {sha256[:16].hex()}")
    return own, sha256


def answered(new: Iterable[bool], faults: Sequence[Exception | None]) -> tuple[bool, ...]:
    """Which entries were new; the first fault is raised instead, now that all have been tried."""
    for fault in faults:
        if fault is not None:
            raise fault
    return tuple(new)


def grouped(items: Sequence[T], size: int = GROUP) -> Iterator[Sequence[T]]:
    """A sequence in pieces.

    >>> list(grouped("abcde", 2))
    ['ab', 'cd', 'e']
    """
    for start in range(0, len(items), size):
        yield items[start : start + size]

"""Appends: measurements, each with its outcome and the document it came from, shown to belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from monitor.model import Outcome
from monitor.store import documents, observations
from monitor.store.errors import StoreError
from monitor.store.packs import Document, compress
from monitor.store.transaction import Transaction, attempt, claim
from probes.document import canonical, document
from probes.model import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One append, with all that needs no transaction done: hashing, compressing, checking."""

    outcome: Outcome
    own: Document
    original: Document | None


def entry(measurement: Measurement, outcome: Outcome, original: bytes | None) -> Entry:
    """What is to be appended; StoreError where it does not belong together."""
    own = compress(canonical(document(measurement)))
    theirs = None if original is None else compress(original)
    check_verdict(outcome)
    check_belonging(measurement, outcome, own.sha256, None if theirs is None else theirs.sha256)
    return Entry(outcome=outcome, own=own, original=theirs)


def write(transaction: Transaction, entries: Sequence[Entry]) -> Sequence[bool | Exception]:
    """Append at once, where one is refused one after the other; for each whether it was new, or why it was refused."""
    together = attempt(transaction, partial(_write, entries=entries))
    if not isinstance(together, Exception):
        return together
    answers: list[bool | Exception] = []
    for each in entries:
        alone = attempt(transaction, partial(_write, entries=[each]))
        answers.append(alone if isinstance(alone, Exception) else alone[0])
    return answers


def _write(transaction: Transaction, entries: Sequence[Entry]) -> list[bool]:
    new = observations.unknown(transaction, [(each.outcome, each.own.sha256) for each in entries])
    adding = [each for each, is_new in zip(entries, new, strict=True) if is_new]
    if not adding:
        return new
    for simulated in {each.outcome.simulated for each in adding}:
        claim(transaction, simulated)
    originals = documents.keep_all(transaction, [each.original for each in adding if each.original])
    owns = documents.keep_all(transaction, [each.own for each in adding], own=True)
    observations.add(
        transaction,
        [
            (each.outcome, owns[each.own.sha256], None if each.original is None else originals[each.original.sha256])
            for each in adding
        ],
    )
    return new


def check_verdict(outcome: Outcome) -> None:
    """Raise StoreError where an outcome carries the verdict of another measurement."""
    if outcome.verdict.measurement != outcome.measurement:
        raise StoreError(f"the outcome of {outcome.measurement} carries the verdict of {outcome.verdict.measurement}")


def check_belonging(measurement: Measurement, outcome: Outcome, own: bytes, original: bytes | None) -> None:
    """Raise StoreError where an outcome is not that of a measurement; `own` and `original` are hashes."""
    if own[:16].hex() != outcome.measurement:
        raise StoreError(f"the outcome speaks of measurement {outcome.measurement}, not of {own[:16].hex()}")
    if outcome.simulated is not measurement.vantage.simulated:
        raise StoreError("a measurement and its outcome must both be simulated, or both be real")
    promised = measurement.origin.document if measurement.origin else ""
    if original is not None and promised and original.hex() != promised:
        raise StoreError(f"the original document has hash {original.hex()}, the measurement names {promised}")

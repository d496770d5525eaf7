"""One append: a measurement, its outcome and the document it came from, shown to belong together."""

from __future__ import annotations

from collections.abc import Callable

from monitor.model import Outcome
from monitor.store import documents, observations
from monitor.store.errors import StoreError
from monitor.store.packs import compress
from monitor.store.transaction import Transaction, claim
from probes.document import canonical, document
from probes.model import Measurement


def appending(measurement: Measurement, outcome: Outcome, original: bytes | None) -> Callable[[Transaction], bool]:
    """The work of one append, with all that needs no transaction done: hashing, compressing, checking."""
    own = compress(canonical(document(measurement)))
    theirs = None if original is None else compress(original)
    check_verdict(outcome)
    check_belonging(measurement, outcome, own.sha256, None if theirs is None else theirs.sha256)

    def work(transaction: Transaction) -> bool:
        if observations.known(transaction, outcome):
            return False
        claim(transaction, outcome.simulated)
        kept = None if theirs is None else documents.keep(transaction, theirs)
        observations.add(transaction, outcome, document=documents.keep(transaction, own, own=True), original=kept)
        return True

    return work


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

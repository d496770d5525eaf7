"""The audit of a log: everything that must fit together, looked at anew, and every misfit named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.log.book import Log
from monitor.log.heads import Head, broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit looked at, and what was wrong; nothing is wrong where `faults` is empty."""

    entries: int
    heads: int
    kept_heads: int
    """Heads from elsewhere that were held against the log."""
    faults: tuple[str, ...]


def audit(log: Log, kept: Iterable[Head] = ()) -> Audit:
    """Check each head's signature and order, and that the entries still give each head's root.

    `kept` are heads that somebody kept elsewhere. They are what finds a log that its owner wrote anew: with the key at
    hand the heads of the log itself can be made to fit anything.
    """
    own, foreign = log.heads(), tuple(kept)
    faults = broken(own, log.public)
    for head in foreign:
        faults += [f"kept elsewhere: {fault}" for fault in _unsigned(head, log)]
    for where, head in [*(("", head) for head in own), *(("kept elsewhere: ", head) for head in foreign)]:
        faults += [f"{where}{fault}" for fault in _misfits(head, log)]
    return Audit(entries=log.size, heads=len(own), kept_heads=len(foreign), faults=tuple(faults))


def _unsigned(head: Head, log: Log) -> list[str]:
    """Its signature alone: whom it follows cannot be told without the heads before it."""
    alone = broken([head], log.public)
    return [fault for fault in alone if "does not name" not in fault]


def _misfits(head: Head, log: Log) -> list[str]:
    if head.size > log.size:
        return [f"the head of {head.time} is over {head.size} entries, of which the log has {log.size} left"]
    found = log.root(head.size).hex()
    if found != head.root:
        told = f"their root is {found}, signed was {head.root}"
        return [f"the first {head.size} entries are not those that were signed on {head.time}: {told}"]
    return []

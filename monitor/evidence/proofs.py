"""What the log says of a package's measurements: one signed head, and for each document its place under it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.log import Consistency, Head, Inclusion, Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """Inclusion proofs under one head; without a log there is no head, and nothing is proved."""

    head: Head | None = None
    inclusions: tuple[Inclusion, ...] = ()
    unproved: tuple[str, ...] = ()
    """Ids of measurements that are not among the head's entries."""
    consistency: Consistency | None = None
    """That the head's log begins with that of the first head ever signed."""


def prove(log: Log | None, measurements: Iterable[str]) -> Proofs:
    """The proofs for measurements, under the oldest head that has all of them, else the newest one.

    The oldest, so that a package made again later is the same.
    """
    names = sorted(measurements)
    heads = () if log is None else log.heads()
    if log is None or not heads:
        return Proofs(unproved=tuple(names))
    places = {name: log.entries.find(bytes.fromhex(name)) for name in names}
    needed = max((index + 1 for index in places.values() if index is not None), default=0)
    head = next((each for each in heads if each.size >= needed), heads[-1])
    found = {name: log.include(name, head.size) for name in names}
    return Proofs(
        head=head,
        inclusions=tuple(proof for proof in found.values() if proof is not None),
        unproved=tuple(name for name, proof in found.items() if proof is None),
        consistency=log.connect(heads[0].size, head.size),
    )

"""Moving what one store holds into another, of any engine: begun again it goes on, and at its end both are compared.

What is the same on both sides is only read, so a copy that was interrupted needs no memory of how far it came.
Stretches of time are compared by everything that they hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from monitor.model import Finding, Outcome
from monitor.store.admission import grouped
from monitor.store.errors import StoreError
from monitor.store.protocols import Store
from probes.document import canonical, document

STRETCH = timedelta(hours=1)
"""So much time is compared at once: 60,000 rows of a large fleet."""
LONG_STRETCH = timedelta(days=30)
_BATCH = 100
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Between which imported series and experiments are looked for: no measurement of the web's censorship is older."""

Told: TypeAlias = Callable[[str, int], None]
"""Is told of each stretch: what was copied, and how many of it."""


@dataclass(slots=True)
class Side:
    """How much of one kind a store holds, and a checksum over all of it. Grows while it is read."""

    count: int = 0
    _digest: Any = field(default_factory=hashlib.sha256, repr=False)

    def add(self, records: Iterable[Any]) -> None:
        """Take in records; those of one stretch in any order."""
        for text in sorted(canonical(document(record)) for record in records):
            self.count += 1
            self._digest.update(text + b"\n")

    @property
    def checksum(self) -> str:
        """SHA-256 (hex) over what was taken in."""
        return str(self._digest.hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One kind of record on both sides after the copy."""

    kind: str
    source: int
    target: int
    source_checksum: str
    target_checksum: str
    left_out: int = 0
    """Results whose document the source did not keep: they are not copied, because nothing would prove them."""

    @property
    def same(self) -> bool:
        """Whether the other side holds all of it, and nothing else in the same stretches."""
        return self.source_checksum == self.target_checksum and not self.left_out


def copy(source: Store, target: Store, told: Told = lambda _, __: None) -> tuple[Compared, ...]:
    """Bring `target` to hold all that `source` holds; what is there already stays, and is compared as well.

    StoreError where one side is simulated and the other real, or a record cannot be written.
    """
    if source.simulated:
        target.claim(True)
    return (
        _outcomes(source, target, told),
        _findings(source, target, told),
        _cells(source, target, told),
        _events(source, target, told),
        _health(source, target, told),
        _outbox(source, target, told),
        _sayings(source, target, told),
    )


def _outcomes(source: Store, target: Store, told: Told) -> Compared:
    ours, theirs, left_out = Side(), Side(), 0
    for since, until in _stretches(source):
        wanted = source.outcomes(since=since, until=until)
        lost = _write(
            wanted, source, target, {outcome.measurement: outcome for outcome in _there(target, since, until)}
        )
        left_out += len(lost)
        ours.add(outcome for outcome in wanted if outcome.measurement not in lost)
        theirs.add(_there(target, since, until))
        told("measurements", len(wanted))
    return _compared("measurements", ours, theirs, left_out)


def _there(target: Store, since: datetime, until: datetime) -> tuple[Outcome, ...]:
    return target.outcomes(since=since, until=until)


def _write(wanted: Sequence[Outcome], source: Store, target: Store, there: dict[str, Outcome]) -> frozenset[str]:
    """Append what is not there, judge again what is there with another verdict; which had no document to append."""
    lost = set()
    for group in grouped([outcome for outcome in wanted if outcome.measurement not in there], _BATCH):
        entries = []
        for outcome in group:
            measurement = source.measurement(outcome.measurement)
            if measurement is None:
                lost.add(outcome.measurement)
                continue
            named = measurement.origin.document if measurement.origin else ""
            entries.append((measurement, outcome, source.original(named) if named else None))
        target.append_all(entries)
        _prove([outcome.measurement for _, outcome, _ in entries], target)
    for outcome in wanted:
        if outcome.measurement in there and there[outcome.measurement] != outcome:
            target.revise(outcome)
    return frozenset(lost)


def _prove(written: Iterable[str], target: Store) -> None:
    """Read each document back: a measurement's id is its hash."""
    for measurement in written:
        found = target.document(measurement)
        if found is None or hashlib.sha256(canonical(found)).hexdigest()[:32] != measurement:
            raise StoreError(f"the document of {measurement} did not arrive whole: run the copy again")


def _stretches(source: Store) -> Iterator[tuple[datetime, datetime]]:
    """Stretches that hold something, one after the other, holes left out."""
    until = _FIRST - timedelta(days=20_000)
    while found := source.outcomes(since=until, limit=1):
        since = found[0].time
        until = since + STRETCH
        yield since, until


def _findings(source: Store, target: Store, told: Told) -> Compared:
    ours, theirs, left_out = Side(), Side(), 0
    for since, until in _long_stretches():
        wanted = source.findings(since=since, until=until)
        there = {finding.measurement: finding for finding in target.findings(since=since, until=until)}
        lost = {finding.measurement for finding in wanted if not _write_finding(finding, source, target, there)}
        left_out += len(lost)
        ours.add(finding for finding in wanted if finding.measurement not in lost)
        theirs.add(target.findings(since=since, until=until))
        if wanted:
            told("experiments", len(wanted))
    return _compared("experiments", ours, theirs, left_out)


def _write_finding(finding: Finding, source: Store, target: Store, there: dict[str, Finding]) -> bool:
    """Bring one experiment over; False where its facts were not kept."""
    if finding.measurement in there:
        if there[finding.measurement] != finding:
            target.revise_finding(finding)
        return True
    measurement = source.measurement(finding.measurement)
    if measurement is None:
        return False
    target.append_experiment(measurement, finding)
    _prove([finding.measurement], target)
    return True


def _cells(source: Store, target: Store, told: Told) -> Compared:
    ours, theirs = Side(), Side()
    for since, until in _long_stretches():
        wanted = source.cells(since=since, until=until)
        if wanted:
            target.append_cells(wanted)
            told("cells", len(wanted))
        ours.add(wanted)
        theirs.add(target.cells(since=since, until=until))
    return _compared("cells", ours, theirs)


def _long_stretches() -> Iterator[tuple[datetime, datetime]]:
    since = _FIRST
    while since < _LAST:
        yield since, since + LONG_STRETCH
        since += LONG_STRETCH


def _events(source: Store, target: Store, told: Told) -> Compared:
    ours, theirs = Side(), Side()
    for event in sorted(source.events(), key=lambda event: event.id):
        revisions = source.revisions(event.id)
        target.save_events(revisions)
        ours.add(revisions)
        theirs.add(target.revisions(event.id))
        told("event revisions", len(revisions))
    return _compared("event revisions", ours, theirs)


def _health(source: Store, target: Store, told: Told) -> Compared:
    ours, theirs = Side(), Side()
    wanted = source.health()
    target.save_health(wanted)
    ours.add(wanted)
    known = {status.vantage for status in wanted}
    theirs.add(status for status in target.health() if status.vantage in known)
    told("health", len(wanted))
    return _compared("health", ours, theirs)


def _outbox(source: Store, target: Store, told: Told) -> Compared:
    ours, theirs = Side(), Side()
    wanted = source.deliveries()
    target.enqueue(wanted, wanted)
    known = {delivery.key for delivery in wanted}
    ours.add(wanted)
    theirs.add(delivery for delivery in target.deliveries() if delivery.key in known)
    told("deliveries", len(wanted))
    return _compared("deliveries", ours, theirs)


def _sayings(source: Store, target: Store, told: Told) -> Compared:
    ours, theirs = Side(), Side()
    wanted = source.sayings()
    for saying in wanted:
        target.say(saying)
    known = {saying.id for saying in wanted}
    ours.add(wanted)
    theirs.add(saying for saying in target.sayings() if saying.id in known)
    told("sayings", len(wanted))
    return _compared("sayings", ours, theirs)


def _compared(kind: str, ours: Side, theirs: Side, left_out: int = 0) -> Compared:
    return Compared(
        kind=kind,
        source=ours.count + left_out,
        target=theirs.count,
        source_checksum=ours.checksum,
        target_checksum=theirs.checksum,
        left_out=left_out,
    )

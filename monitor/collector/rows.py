"""Which measurements of a batch are taken, and as what they are kept. Pure.

The documents were signed by somebody who may lie about anything. A row is taken only where it is what the plan asked
for and the operator agreed to; its country and network are what the collector saw, never what it says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.wire import Consent, Plan, Refused, WireError, as_read
from monitor.wire.letter import parsed
from probes.document import canonical, document
from probes.model import Measurement, Origin, Target, VantagePoint
from probes.registry import all_probes

OLDEST = timedelta(days=30)
AHEAD = timedelta(minutes=5)
"""How far from now a measurement may have been made, by its clock less the offset."""
LONGEST = 2 * 1024 * 1024
"""Bytes of one document."""
MOST_STEPS = 2000
FRESH = timedelta(hours=1)
"""A measurement this young was made in the network that it is delivered from; an older one, in that of its plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement of a batch as it was signed."""

    index: int
    content: bytes
    measurement: Measurement
    made: datetime
    """When, by our clock as far as the offset is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A measurement as it is stored, and the signed document where that is another one."""

    index: int
    measurement: Measurement
    original: bytes | None


def read(documents: Sequence[bytes], offset: float | None) -> tuple[list[Row], list[Refused]]:
    """The measurements in the documents, and those that are none."""
    rows, refused = [], []
    for index, content in enumerate(documents):
        try:
            measurement = _measurement(content)
            made = measurement.started - timedelta(seconds=offset or 0.0)
        except (WireError, ValueError, OverflowError) as fault:
            why = str(fault) if isinstance(fault, WireError) else "the document is no measurement"
            refused.append(Refused(index=index, why=why))
            continue
        rows.append(Row(index=index, content=content, measurement=measurement, made=made))
    return rows, refused


def _measurement(content: bytes) -> Measurement:
    found = as_read(Measurement, parsed(content, LONGEST))
    if canonical(document(found)) != content:
        raise WireError("the document is not in its canonical form")
    return found


def sort(
    rows: Sequence[Row], plan: Plan, consent: Consent, point: VantagePoint, now: datetime
) -> tuple[list[Kept], list[Refused]]:
    """The rows as they are kept, and those that are refused; `point` is the vantage point where it is seen now."""
    targets = {target.id: target for target in plan.targets}
    kept, refused = [], []
    for row in rows:
        why = _wrong(row, targets.get(row.measurement.target), plan, consent, now)
        if why:
            refused.append(Refused(index=row.index, why=why))
        else:
            kept.append(_placed(row, plan, point, now))
    return kept, refused


def _wrong(row: Row, target: Target | None, plan: Plan, consent: Consent, now: datetime) -> str:
    """Why a row is not taken; empty where it is."""
    found = row.measurement
    if target is None or found.url not in (*target.urls, *target.mirrors):
        return "the plan does not ask for this address"
    if not consent.allows(target):
        return "the operator did not agree to this target"
    if found.kind not in all_probes() or found.innocuous is not target.innocuous:
        return "the plan does not ask for this"
    if found.vantage.id != plan.vantage.id or found.origin is not None:
        return "this was not made by this vantage point"
    if not -OLDEST <= row.made - now <= AHEAD:
        return "this was made too long ago, or is not made yet"
    if not 0 <= found.duration <= 3600 or len(found.steps) > MOST_STEPS:
        return "no measurement takes so long, or so many steps"
    return ""


def _placed(row: Row, plan: Plan, point: VantagePoint, now: datetime) -> Kept:
    """The measurement with the place that we saw; where that changes it, it names the document that was signed."""
    network = point.network if now - row.made <= FRESH else plan.vantage.network
    placed = replace(row.measurement, vantage=replace(point, network=network))
    if placed == row.measurement:
        return Kept(index=row.index, measurement=placed, original=None)
    sha256 = hashlib.sha256(row.content).hexdigest()
    origin = Origin(source="agent", uid=sha256[:32], document=sha256)
    return Kept(index=row.index, measurement=replace(placed, origin=origin), original=row.content)

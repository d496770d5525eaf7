"""What was known beside what is found now: ids stay, revisions count up, and only what changed comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

from monitor.model import BlockingEvent, Interval, NetworkSpan, Tier

_FOREVER = datetime.max.replace(tzinfo=UTC)
_TIERS = (Tier.SUSPECTED, Tier.LIKELY, Tier.CONFIRMED)
_TOLD = ("vantage_points", "networks", "flaps")
"""Counts whose every change is told; those of measurements grow all the time and are told when they have doubled."""
_Pair: TypeAlias = tuple[BlockingEvent | None, BlockingEvent]


def reconcile(
    known: Sequence[BlockingEvent], found: Sequence[BlockingEvent], *, since: datetime | None = None
) -> tuple[BlockingEvent, ...]:
    """The events to append: new ones as revision 1, changed ones under their known id with the next revision.

    `known` holds the newest revision of each event, `found` what detection sees now in the data from `since` on (None:
    in all data). A found event takes the id of the known one that it overlaps, of several the one with the nearest
    onset. A known event that has become part of another, or that began after `since` and is not found any more, comes
    back as `retracted`. What changes nothing to tell is not repeated: calling twice with the same data gives ().
    """
    pairs = _pairs(known, found)
    taken = {before.id for before, _ in pairs if before is not None}
    changed = [_revised(before, event) for before, event in pairs]
    gone = [before for before in known if before.id not in taken and not before.retracted]
    lost = [before for before in gone if _refuted(before, since) or any(_overlap(before, event) for event in found)]
    return tuple(event for event in changed if event is not None) + tuple(_retracted(event) for event in lost)


def unaccounted(known: Iterable[BlockingEvent], found: Iterable[BlockingEvent]) -> tuple[BlockingEvent, ...]:
    """The known events that are open on a network on which detection found nothing.

    Their end may lie in a hole of the data that reaches over the whole window that was looked at; only looking at the
    target's data since their onset can tell.
    """
    seen = {(event.target, event.country, span.network) for event in found for span in event.spans}
    return tuple(
        event
        for event in known
        if not event.retracted
        and any(span.end is None and (event.target, event.country, span.network) not in seen for span in event.spans)
    )


def _pairs(known: Sequence[BlockingEvent], found: Sequence[BlockingEvent]) -> list[_Pair]:
    """Each found event with the known one that it continues; nearest onsets first, and nobody twice."""
    candidates = [(before, event) for event in found for before in known if _overlap(before, event)]
    chosen: dict[str, BlockingEvent] = {}
    taken: set[str] = set()
    for before, event in sorted(candidates, key=lambda pair: _distance(*pair)):
        if event.id not in chosen and before.id not in taken:
            chosen[event.id] = before
            taken.add(before.id)
    return [(chosen.get(event.id), event) for event in found]


def _distance(before: BlockingEvent, event: BlockingEvent) -> tuple[bool, float, str, str]:
    return before.retracted, abs((before.onset[1] - event.onset[1]).total_seconds()), before.id, event.id


def _overlap(one: BlockingEvent, other: BlockingEvent) -> bool:
    same = (one.kind, one.target, one.country) == (other.kind, other.target, other.country)
    return same and one.onset[1] <= _until(other.end) and other.onset[1] <= _until(one.end)


def _until(end: Interval | None) -> datetime:
    return end[1] if end else _FOREVER


def _revised(before: BlockingEvent | None, event: BlockingEvent) -> BlockingEvent | None:
    if before is None:
        return event
    event = replace(_extended(before, event) if _cut_off(before, event) else event, id=before.id)
    event = replace(event, pushed_with=event.pushed_with or before.pushed_with)
    return None if _same(before, event) else replace(event, revision=before.revision + 1)


def _same(before: BlockingEvent, event: BlockingEvent) -> bool:
    return _facts(before) == _facts(event) and event.counts["blocked"] < 2 * max(1, before.counts["blocked"])


def _facts(event: BlockingEvent) -> tuple[object, ...]:
    spans = tuple((span.network, span.onset, span.end, span.technique, span.vantage_points) for span in event.spans)
    words = (
        event.networks,
        event.tier,
        event.technique,
        event.locus,
        event.disputed,
        event.retracted,
        event.detector,
        event.pushed_with,
    )
    return event.onset, event.end, spans, words, tuple(event.counts.get(name) for name in _TOLD)


def _cut_off(before: BlockingEvent, event: BlockingEvent) -> bool:
    """True where the data that was looked at begins inside the event, so that its beginning is only known from
    before."""
    return event.onset[0] is None and before.onset[1] < event.onset[1]


def _extended(before: BlockingEvent, event: BlockingEvent) -> BlockingEvent:
    """The known event, continued: nothing that is only known from before is lost, and the tier never falls."""
    spans = _joined(before.spans, event.spans)
    ends = [span.end for span in spans if span.end is not None]
    return replace(
        event,
        networks=tuple(sorted({*before.networks, *event.networks})),
        onset=before.onset,
        end=_latest(ends) if len(ends) == len(spans) else None,
        tier=max(before.tier, event.tier, key=_TIERS.index),
        technique=event.technique or before.technique,
        alarm=before.alarm,
        score=max(before.score, event.score),
        counts={name: max(before.counts.get(name, 0), count) for name, count in event.counts.items()},
        witnesses=before.witnesses or event.witnesses,
        spans=spans,
    )


def _joined(before: Sequence[NetworkSpan], now: Sequence[NetworkSpan]) -> tuple[NetworkSpan, ...]:
    rest = list(before)
    joined = []
    for span in now:
        older = next((old for old in rest if old.network == span.network and span.onset[1] <= _until(old.end)), None)
        if older is None or span.onset[0] is not None:
            joined.append(span)
            continue
        rest.remove(older)
        kept = older.witnesses or span.witnesses
        joined.append(
            replace(
                span,
                onset=older.onset,
                alarm=older.alarm,
                score=max(older.score, span.score),
                witnesses=kept,
                vantage_points=max(older.vantage_points, span.vantage_points),
            )
        )
    return tuple(sorted([*rest, *joined], key=lambda span: (span.onset[1], span.network)))


def _latest(ends: Sequence[Interval]) -> Interval:
    return max(end[0] or end[1] for end in ends), max(end[1] for end in ends)


def _refuted(before: BlockingEvent, since: datetime | None) -> bool:
    """True where all of the event lies inside the data that detection looked at. Without `since` nothing is known
    of that."""
    return since is not None and before.onset[1] >= since


def _retracted(event: BlockingEvent) -> BlockingEvent:
    return replace(
        event,
        end=event.end or (event.onset[1], event.alarm),
        tier=Tier.SUSPECTED,
        disputed=True,
        retracted=True,
        revision=event.revision + 1,
    )

"""What is told without any event: the monitor's own silence, letters that died, terms that ran out, and claims that
the measurements contradict. Conditions in, alerts out; a condition that does not hold any more ends its story."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.alert.step import OPEN
from monitor.model import (
    Alert,
    BlockingEvent,
    Claim,
    ClaimCheck,
    ClaimVerdict,
    Day,
    Delivery,
    Fate,
    Stage,
    Tier,
    Topic,
)

_ENDING = frozenset({Topic.MONITOR, Topic.COVERAGE})
"""Topics whose stories end by themselves; the others tell of a date, which stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the triggers look at, at one moment."""

    now: datetime
    newest: datetime | None
    """When the newest measurement was made; None where nothing was ever measured."""
    events: tuple[BlockingEvent, ...] = ()
    claims: tuple[Claim, ...] = ()
    checks: tuple[ClaimCheck, ...] = ()
    days: tuple[Day, ...] = ()
    """Counts of the last days, today left out."""


def silence(seen: Seen, span: timedelta) -> Iterator[Alert]:
    """Nothing was measured for longer than `span`: the story bears the time of the last measurement."""
    if seen.newest is not None and seen.now - seen.newest > span:
        yield _condition("silence", f"{seen.newest:%Y%m%dT%H%M%SZ}", Topic.MONITOR, seen.newest + span, "silence")


def dead_letters(deliveries: Iterable[Delivery]) -> Iterator[Alert]:
    """Letters that could not be delivered, one story for each address and day; those about the monitor do not count,
    or they would tell of themselves for ever."""
    found: dict[tuple[str, str, str], Delivery] = {}
    for one in deliveries:
        if one.fate is Fate.DEAD and all(alert.topic is not Topic.MONITOR for alert in one.alerts):
            day = f"{one.changed or one.created:%Y%m%d}"
            found.setdefault((one.recipient, one.address, day), one)
    for (recipient, address, day), one in found.items():
        since = one.changed or one.created
        yield _condition(
            "undelivered", f"{recipient}-{address}-{day}", Topic.MONITOR, since, f"undelivered {recipient}"
        )


def terms(seen: Seen) -> Iterator[Alert]:
    """Documented terms that are over while the block goes on."""
    for claim in seen.claims:
        if claim.term is None or claim.term > seen.now:
            continue
        for event in seen.events:
            if _is_open(event) and (event.target, event.country) == (claim.target, claim.country):
                told = _condition(
                    "term", claim.id, Topic.TERM, claim.term, f"term {claim.term - timedelta(seconds=1):%Y-%m-%d}"
                )
                yield replace(
                    told,
                    target=claim.target,
                    country=claim.country,
                    networks=event.networks,
                    onset=event.onset,
                    tier=event.tier,
                    technique=event.technique,
                    simulated=event.simulated,
                )
                break


def contradictions(seen: Seen, after: timedelta) -> Iterator[Alert]:
    """Claims that the measurements contradict, told from when they are first found so; of the newest days, whose
    events may still change, nothing is said."""
    for check in seen.checks:
        claim = check.claim
        if check.verdict is ClaimVerdict.CONTRADICTED and claim.interval[1] + after <= seen.now:
            told = _condition("claim", claim.id, Topic.CLAIM, seen.now, f"claim {claim.id} {claim.date}")
            yield replace(told, target=claim.target, country=claim.country, simulated=claim.simulated)


def thin(seen: Seen, least: int) -> Iterator[Alert]:
    """Networks of which fewer than `least` usable results of watched targets came in on the last whole day, after a
    day on which it was more: a block that began there would not be seen."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for day in seen.days:
        by_day = counts.setdefault((day.country, day.network), {})
        by_day[day.day.isoformat()] = by_day.get(day.day.isoformat(), 0) + day.ok + day.blocked + day.down
    last = (seen.now - timedelta(days=1)).date().isoformat()
    since = seen.now.replace(hour=0, minute=0, second=0, microsecond=0)
    for (country, network), by_day in sorted(counts.items()):
        enough_before = any(count >= least for day, count in by_day.items() if day < last)
        if enough_before and by_day.get(last, 0) < least:
            told = _condition(
                "coverage", f"{country}-{network}", Topic.COVERAGE, since, f"coverage {by_day.get(last, 0)}"
            )
            yield replace(told, country=country, networks=(network,))


def over(holding: Sequence[Alert], told: Mapping[str, Alert], now: datetime) -> Iterator[Alert]:
    """The ends of conditions that were told and do not hold any more."""
    standing = {alert.story for alert in holding}
    for story, alert in told.items():
        if alert.topic in _ENDING and alert.stage in OPEN and story not in standing:
            yield replace(alert, stage=Stage.ENDED, revision=alert.revision + 1, end=(alert.since, now))


def _is_open(event: BlockingEvent) -> bool:
    return event.end is None and not event.retracted


def _condition(kind: str, name: str, topic: Topic, since: datetime, note: str) -> Alert:
    return Alert(
        story=f"{kind}-{name}", revision=1, stage=Stage.LIKELY, topic=topic, tier=Tier.LIKELY, since=since, note=note
    )

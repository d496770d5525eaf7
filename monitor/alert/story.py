"""From an event's newest revision to what can be told of it now: its stage, and every fact that a text needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from monitor.model import Alert, BlockingEvent, EventKind, Stage, Topic

_TOPICS = {EventKind.BLOCKING: Topic.BLOCKING, EventKind.OFFLINE: Topic.OFFLINE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known of targets beside their events."""

    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Bare host names by target."""
    categories: Mapping[str, str] = field(default_factory=dict)
    terms: Mapping[tuple[str, str], date] = field(default_factory=dict)
    """Last days of ordered terms that are over, by target and country."""
    tested: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Networks in which a target was measured of late, by target and country."""


def stage_of(event: BlockingEvent, now: datetime, settle: timedelta) -> Stage:
    """Where the event stands: its tier while it is open, `recovering` until its end has held for `settle`."""
    if event.retracted:
        return Stage.RETRACTED
    if event.end is None:
        return Stage(event.tier.value)
    return Stage.RECOVERING if now < event.end[1] + settle else Stage.ENDED


def alert_of(event: BlockingEvent, now: datetime, settle: timedelta, known: Knowledge) -> Alert:
    """The event as an alert; who measured it is left behind, and only their number goes on."""
    counts = event.counts
    return Alert(
        story=event.id,
        revision=event.revision,
        stage=stage_of(event, now, settle),
        topic=_TOPICS[event.kind],
        tier=event.tier,
        target=event.target,
        hosts=known.hosts.get(event.target, (event.target,) if event.kind is EventKind.BLOCKING else ()),
        category=known.categories.get(event.target, ""),
        country=event.country,
        networks=event.networks,
        tested=max(len(event.networks), known.tested.get((event.target, event.country), 0)),
        onset=event.onset,
        end=event.end,
        technique=event.technique,
        decisive=counts.get("decisive", 0),
        observers=counts.get("vantage_points", 0),
        controls_agree=counts.get("controls_agree", 0),
        controls_total=counts.get("controls_total", 0),
        flaps=counts.get("flaps", 0),
        others=len(event.pushed_with),
        since=event.alarm,
        newest=max((span.alarm for span in event.spans), default=event.alarm),
        note=_note(event, known),
        simulated=event.simulated,
    )


def _note(event: BlockingEvent, known: Knowledge) -> str:
    """That a term ran out while the block goes on, where one is documented."""
    day = known.terms.get((event.target, event.country))
    return f"term {day.isoformat()}" if day is not None and event.end is None else ""

"""An event as one claim sees it: its edges on the networks that the claim names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitor.check.interval import Window
from monitor.model import BlockingEvent, Claim, Interval


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Sight:
    """When a block began and ended there; `end` is None while it goes on."""

    event: str
    onset: Interval
    end: Interval | None

    def last_seen(self, now: datetime) -> datetime:
        """The last moment for which the block was seen: now, while it goes on."""
        return now if self.end is None else self.end[0] or self.onset[1]

    def during(self, window: Window, now: datetime) -> bool:
        """Whether the block was surely there at some moment of the window, from first to last seen blocked."""
        return self.onset[1] < window[1] and self.last_seen(now) >= window[0]


def sights(events: Iterable[BlockingEvent], claim: Claim) -> tuple[Sight, ...]:
    """The events that a claim can speak of: the same target and country, real or simulated like the claim itself."""
    return tuple(
        sight
        for event in events
        if (event.target, event.country, event.simulated) == (claim.target, claim.country, claim.simulated)
        for sight in _seen(event, claim)
    )


def _seen(event: BlockingEvent, claim: Claim) -> tuple[Sight, ...]:
    if not claim.networks:
        return (Sight(event=event.id, onset=event.onset, end=event.end),)
    spans = [span for span in event.spans if span.network in claim.networks]
    if spans or event.spans or not set(claim.networks) & set(event.networks):
        return tuple(Sight(event=event.id, onset=span.onset, end=span.end) for span in spans)
    return (Sight(event=event.id, onset=event.onset, end=event.end),)

"""Our detector in the harness: what it would have told people, when, and at which tier.

Detection looks back only, but a tier is a statement about all that is known of an event so far, and may change. So
each event is looked at again as it was at many moments after each alarm: an alert counts at the tier that it had then,
even where later data took it back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from monitor.detect import DetectorSettings, detect
from monitor.detect.null import Null
from monitor.evaluate.found import Found
from monitor.model import BlockingEvent, Cell, NetworkSpan, Tier

TIERS = (Tier.SUSPECTED, Tier.LIKELY, Tier.CONFIRMED)
_REVIEWS = tuple(timedelta(minutes=each) for each in (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 75, 90, 120, 240, 720))
"""After each alarm. `presscanary run` reviews every minute; so many reviews would take the harness a day."""
_BEFORE = timedelta(hours=12)
"""How much of the past a second look needs: more than a flap's pause, less than the pause between two blocks."""


def ours(cells: Sequence[Cell], settings: DetectorSettings, until: datetime) -> dict[Tier, list[Found]]:
    """What the detector finds in all cells (in the order of time), by tier: `likely` holds all that ever got so far."""
    null = Null.of(cells, settings)
    events = detect(cells, settings=settings, now=until, null=null)
    by_target: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if not cell.innocuous:
            by_target[cell.target].append(cell)
    found: dict[Tier, list[Found]] = {tier: [] for tier in TIERS}
    for event in events:
        found[Tier.SUSPECTED] += [_found(event, span, span.alarm) for span in event.spans]
        for tier, span, told in _told(event, by_target[event.target], null, settings):
            found[tier].append(_found(event, span, told))
    return found


def _found(event: BlockingEvent, span: NetworkSpan, told: datetime) -> Found:
    return Found(
        target=event.target,
        network=span.network,
        onset=span.onset[1],
        told=told,
        end=span.end[1] if span.end else None,
        earliest=span.onset[0],
        alert=event.id,
    )


def _told(
    event: BlockingEvent, cells: Sequence[Cell], null: Null, settings: DetectorSettings
) -> list[tuple[Tier, NetworkSpan, datetime]]:
    """When each network's part of the event first stood at `likely` and at `confirmed`."""
    spans = {(span.network, span.onset[1]): span for span in event.spans}
    wanted = {(tier, *key) for tier in TIERS[1:] for key in spans}
    first: list[tuple[Tier, NetworkSpan, datetime]] = []
    since = event.onset[1] - _BEFORE
    near = [cell for cell in cells if cell.start >= since]
    for now in _moments(event):
        known = detect(near, settings=settings, now=now, null=null)
        for tier, network, onset in _said(known):
            if (tier, network, onset) in wanted:
                wanted.remove((tier, network, onset))
                first.append((tier, spans[network, onset], now))
        if not wanted:
            break
    return first


def _moments(event: BlockingEvent) -> list[datetime]:
    """A minute's grain keeps the networks of one event from being looked at twice."""
    moments = {span.alarm + later for span in event.spans for later in _REVIEWS}
    return sorted({(each + timedelta(seconds=59)).replace(second=0, microsecond=0) for each in moments})


def _said(events: Iterable[BlockingEvent]) -> Iterable[tuple[Tier, str, datetime]]:
    for event in events:
        for span in event.spans:
            if span.network in event.networks:
                for tier in TIERS[1 : TIERS.index(event.tier) + 1]:
                    yield tier, span.network, span.onset[1]

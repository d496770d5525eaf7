"""What there is to say to somebody who was told something before: the life cycle, seen from one recipient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.model import Alert, Delivery, Fate, Form, Stage, Tier

RANKS = {tier: rank for rank, tier in enumerate(Tier)}
"""suspected < likely < confirmed."""

OPEN = frozenset({Stage.SUSPECTED, Stage.LIKELY, Stage.CONFIRMED, Stage.EXTENDED})
_COUNTING = frozenset({Fate.WAITING, Fate.PROPOSED, Fate.SENT, Fate.DEAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The last thing that a recipient was told of a story, or will be when the message that waits has left."""

    alert: Alert
    at: datetime
    reached: bool
    """False while none of the messages about it has left: then a newer one takes its place."""


def told_by(deliveries: Iterable[Delivery]) -> Mapping[str, Told]:
    """What was told of each story, from one recipient's deliveries in their order; digests and tests tell nothing."""
    found: dict[str, Told] = {}
    for delivery in deliveries:
        if delivery.fate not in _COUNTING or delivery.form in (Form.DIGEST, Form.TEST):
            continue
        left = delivery.fate in (Fate.SENT, Fate.DEAD) or delivery.attempts > 0
        for alert in delivery.alerts:
            before = found.get(alert.story)
            reached = left or (before is not None and before.reached)
            found[alert.story] = Told(alert=alert, at=delivery.created, reached=reached)
    return found


def step(told: Told | None, alert: Alert) -> Stage | None:
    """The stage that the next message would have, or None where there is nothing to say.

    Who was never told hears no end and no retraction, and nobody hears of a recovery before it has held. Tiers only
    rise. A growth is told when the networks have doubled, or when the block shows at another layer.
    """
    if told is None:
        return alert.stage if alert.stage in OPEN else None
    if alert.stage is Stage.RETRACTED:
        return Stage.RETRACTED if told.alert.stage is not Stage.RETRACTED else None
    if alert.stage is Stage.RECOVERING:
        return None
    if alert.stage is Stage.ENDED:
        return Stage.ENDED if told.alert.stage in OPEN else None
    if told.alert.stage is Stage.RETRACTED:
        return alert.stage
    if told.alert.stage is Stage.ENDED:
        return Stage.EXTENDED
    if RANKS[alert.tier] > RANKS[told.alert.tier]:
        return alert.stage
    return Stage.EXTENDED if _grown(told.alert, alert) else None


def is_first(told: Told | None) -> bool:
    """Whether the next message would be the first that the recipient gets of this story."""
    return told is None or not told.reached or told.alert.stage is Stage.RETRACTED


def _grown(before: Alert, now: Alert) -> bool:
    if len(now.networks) >= 2 * max(1, len(before.networks)):
        return True
    layer, old = (each.technique.partition(".")[0] if each.technique else "" for each in (now, before))
    return bool(layer and old and layer != old)

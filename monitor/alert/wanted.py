"""Whether a recipient wants an alert, and what stands in its way: other events, mutes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.alert.settings import Recipient, Wants
from monitor.alert.step import RANKS
from monitor.model import Alert, Said, Saying, Stage, Tier, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What would make a block on a network, or of a target, an illusion or the smaller part of the news."""

    dark: frozenset[tuple[str, str]] = frozenset()
    """Country and network where the network itself is offline, or no vantage point can be believed now."""
    down: frozenset[str] = frozenset()
    """Targets that most control vantage points cannot reach either."""


def seen(alert: Alert, around: Surroundings) -> tuple[str, ...]:
    """The networks that still speak for a block; none where it is inhibited: it is held, and looked at again later."""
    if alert.topic is not Topic.BLOCKING:
        return alert.networks
    if alert.target in around.down:
        return ()
    return tuple(network for network in alert.networks if (alert.country, network) not in around.dark)


def wanted(recipient: Recipient, alert: Alert, networks: Sequence[str]) -> bool:
    """Whether one of the recipient's wishes fits the alert, with those networks behind it."""
    return any(_concerns(wish, alert) and _sure(wish, alert, networks) for wish in recipient.wants)


def concerned(recipient: Recipient, alert: Alert) -> bool:
    """Whether it is the recipient's business at all, however sure: what a digest goes by."""
    return any(_concerns(wish, alert) for wish in recipient.wants)


def _concerns(wish: Wants, alert: Alert) -> bool:
    return (
        alert.topic in wish.topics
        and (not wish.countries or alert.country in wish.countries)
        and (not wish.networks or bool(wish.networks & set(alert.networks)))
        and (not wish.categories or alert.category in wish.categories)
        and (not wish.targets or alert.target in wish.targets)
    )


def _sure(wish: Wants, alert: Alert, networks: Sequence[str]) -> bool:
    if alert.topic not in (Topic.BLOCKING, Topic.OFFLINE):
        return True
    if not networks or RANKS[alert.tier] < RANKS[wish.tier]:
        return False
    alone = alert.topic is Topic.OFFLINE or alert.tier is Tier.CONFIRMED
    return alone or len(networks) >= wish.from_networks


def muted(recipient: Recipient, alert: Alert, sayings: Iterable[Saying], now: datetime) -> bool:
    """Whether somebody silenced this for now; a later word about the same subject replaces an earlier one.

    A retraction is never silenced.
    """
    if alert.stage is Stage.RETRACTED:
        return False
    subjects = {
        "all",
        f"recipient:{recipient.name}",
        f"event:{alert.story}",
        f"target:{alert.target}",
        f"country:{alert.country}",
        *(f"network:{network}" for network in alert.networks if len(alert.networks) == 1),
    }
    standing: dict[str, bool] = {}
    for saying in sayings:
        if saying.said in (Said.MUTED, Said.UNMUTED) and saying.subject in subjects:
            standing[saying.subject] = saying.said is Said.MUTED and (saying.until is None or now < saying.until)
    return any(standing.values())


def acknowledged(story: str, sayings: Iterable[Saying]) -> bool:
    """Whether somebody said that they take care of this story."""
    return any(saying.said is Said.ACKNOWLEDGED and saying.subject == f"event:{story}" for saying in sayings)

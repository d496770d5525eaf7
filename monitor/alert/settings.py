"""Who is told of what, where, in which language and when: the section `alerts` of targets.yaml as records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import time, timedelta
from types import MappingProxyType
from typing import Any, Self

from monitor.model import Tier, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One way to reach a recipient. What it holds is for the channel only: never for a record, a page or a log."""

    name: str
    channel: str
    to: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """What a recipient wants to hear of; an empty list stands for all. Of several one is enough."""

    topics: frozenset[Topic] = frozenset({Topic.BLOCKING, Topic.OFFLINE})
    countries: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    tier: Tier = Tier.LIKELY
    from_networks: int = 2
    """A block that is not confirmed is told of when so many networks show it: with 50 targets on 20 networks, 0.3 false
    alarms per pair and year would still be one a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Hours of the recipient's day in which nothing rings, except from a tier on where they said so."""

    begins: time
    ends: time
    wake: Tier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A summary each day, or each Monday, at an hour of the recipient's day."""

    weekly: bool = False
    at: time = time(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody who is told; `name` is a word of the configuration and stands in records."""

    name: str
    addresses: tuple[Address, ...]
    wants: tuple[Wants, ...] = (Wants(),)
    """Nothing in it: only what others did not acknowledge."""
    language: str = "en"
    timezone: str = "UTC"
    quiet: Quiet | None = None
    cap: int | None = 6
    """New blocks and updates per day of theirs; confirmed ones, ends and retractions always pass."""
    digest: Digest | None = None
    escalate_to: str = ""
    escalate_after: timedelta = timedelta(minutes=30)
    public: bool = False
    """Many read it: a person approves each new block and update first."""
    link: bool = False
    """Wants the address of the event's page; without this there is no link in a message."""

    def address(self, name: str) -> Address | None:
        """The address of that name, or None."""
        return next((each for each in self.addresses if each.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """The whole section."""

    recipients: tuple[Recipient, ...] = ()
    page: str = ""
    """Where readers reach the page of this monitor; links begin with it."""
    heartbeat: str = field(default="", repr=False)
    """Somebody else's dead-man switch: asked (GET) while measurements come in, so that it rings when they stop."""
    allow: frozenset[str] = frozenset()
    """Hosts of channels that may be in the monitor's own network."""
    wait: timedelta = timedelta(minutes=2)
    """From the alarm to the first message: what else begins meanwhile comes in the same one."""
    gap: timedelta = timedelta(minutes=15)
    """Between two first messages about the same networks and hour, and how near onsets are for one message."""
    updates: timedelta = timedelta(hours=1)
    """From one message about a story to its next update, which then tells all that came since."""
    settle: timedelta = timedelta(minutes=90)
    """How long a block that is over must stay so before its end is told: shorter ones make blocks that come and go ring
    too often (counted in `benchmarks/alert_counts.py`)."""
    fresh: timedelta = timedelta(hours=24)
    """Older alarms are history when they are first seen, and ring nowhere."""
    silence: timedelta = timedelta(minutes=30)
    """Nothing was measured for so long: the monitor itself needs somebody."""
    check: timedelta = timedelta(hours=1)
    """How often claims are compared with the measurements for alerts; and how long after a claim's last moment."""
    coverage: int = 20
    """Usable results a day below which a network is told of as too thin, after it had more; 0: never. At twenty, a
    block of an hour has a good chance of falling between two of them (ours)."""
    attempts: int = 12
    """Failed deliveries are tried again so often, after 30 seconds, 1, 2, 4 … minutes, at most an hour apart."""

    def recipient(self, name: str) -> Recipient | None:
        """The recipient of that name, or None."""
        return next((each for each in self.recipients if each.name == name), None)

    def scaled(self, factor: float) -> Self:
        """The same with every duration multiplied, for a demo that runs fast.

        >>> AlertSettings().scaled(1 / 60).wait
        datetime.timedelta(seconds=2)
        """
        durations: dict[str, Any] = {
            each.name: getattr(self, each.name) * factor
            for each in fields(self)
            if isinstance(getattr(self, each.name), timedelta)
        }
        return replace(self, **durations)

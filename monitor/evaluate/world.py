"""What a simulated country is made of: every number of the simulator, with its source.

None of them is the detector's: likelihood ratios, leak and noise differ on purpose from what the detector believes.
**study**: the project's own earlier simulation study (docs/reference/evaluation.md). **assumed**: nobody publishes
this figure; it is a guess that we state, and the sweeps show what depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from random import Random
from typing import TypeAlias

from monitor.model import Evidence

START = datetime(2024, 1, 1, tzinfo=UTC)
"""Worlds begin here; nothing depends on the date."""
MINUTE, HOUR, DAY, YEAR = 60, 3600, 86_400, 365 * 86_400

Span: TypeAlias = tuple[int, int]
"""Seconds since the world's beginning: [first, last)."""
Range: TypeAlias = tuple[float, float]
Classes: TypeAlias = tuple[tuple[Evidence, float], ...]
"""How often a failure of one cause looks like which class of evidence."""


class Kind(StrEnum):
    """How a block is done."""

    FULL = "full"
    STAGED = "staged"
    PARTIAL = "partial"
    INTERMITTENT = "intermittent"
    LEAKY = "leaky"
    SHORT = "short"
    THROTTLED = "throttled"


class Cause(StrEnum):
    """Why a measurement failed, which only the simulator knows."""

    NOISE = "noise"
    BLOCK = "block that leaves an artefact"
    SILENT_BLOCK = "block without an artefact"
    SITE = "the site is down for everybody"
    PATH = "path trouble between this country and the site"
    REFUSAL = "the server refuses this country"
    LINE = "the vantage point's own line"
    PORTAL = "captive portal"
    LIAR = "the vantage point lies"


def looks(artefact: float, ambiguous: float, server: float) -> Classes:
    """Shares of the three classes, in the order in which they are drawn."""
    return (Evidence.ARTEFACT, artefact), (Evidence.AMBIGUOUS, ambiguous), (Evidence.SERVER_ANSWER, server)


LOOKS: Mapping[Cause, Classes] = {
    Cause.NOISE: looks(0.02, 0.95, 0.03),
    Cause.BLOCK: looks(0.85, 0.14, 0.01),
    Cause.SILENT_BLOCK: looks(0.01, 0.98, 0.01),
    Cause.SITE: looks(0.02, 0.58, 0.40),
    Cause.PATH: looks(0.03, 0.96, 0.01),
    Cause.REFUSAL: looks(0.00, 0.05, 0.95),
    Cause.LINE: looks(0.00, 1.00, 0.00),
    Cause.PORTAL: looks(0.90, 0.10, 0.00),
    Cause.LIAR: looks(0.90, 0.10, 0.00),
}
"""Assumed, with the study's orders of magnitude: benign paths leave an artefact in 2-10 % of their failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One country to be simulated; ValueError where it has nobody to measure. Rates are per year unless they say so."""

    days: int = 30
    cadence: int = 10 * MINUTE
    targets: int = 5
    vantages: tuple[int, ...] = (1, 2, 2, 4, 1, 2)
    """Vantage points per network (study: one to four)."""
    innocuous: int = 2
    controls: int = 4
    control_networks: int = 3

    noise: float = 1.0
    """Multiplies every rate of failure that has no cause outside the line."""
    loss: Range = (0.002, 0.01)
    """Failure rate of an ordinary vantage point (assumed) …"""
    flaky: float = 0.2
    """… this share of them is flaky (study) …"""
    flaky_loss: Range = (0.04, 0.12)
    """… and fails so often (study)."""
    bad_spells: Range = (18.0, 180.0)
    """Spells of an ordinary and of a flaky line in which half of everything fails (assumed)."""
    control_loss: float = 0.01
    missing: float = 0.01
    """Reports that never arrive, at random (assumed)."""
    skewed: float = 0.1
    skew: int = 5 * MINUTE
    """Share of vantage points whose clock is off, and by how much at most (study: five minutes)."""

    blocks: float = 30.0
    """Blocking events per target: far more than in any country, so that there is enough to count (study)."""
    silent: float = 0.4
    """Share of blocks that leave no artefact (study)."""
    kinds: Mapping[Kind, float] = field(
        default_factory=lambda: {
            Kind.FULL: 3, Kind.STAGED: 2, Kind.PARTIAL: 2, Kind.INTERMITTENT: 1.5, Kind.LEAKY: 1.5, Kind.SHORT: 2,
            Kind.THROTTLED: 1,
        }
    )  # fmt: skip
    """How common the kinds are beside each other (assumed)."""
    force: Range = (0.96, 1.0)
    """Share of measurements that an ordinary block makes fail (assumed) …"""
    leaky_force: Range = (0.62, 0.78)
    """… a leaky one (study: 70 %) …"""
    throttled_force: Range = (0.35, 0.65)
    """… and throttling, as far as it shows as failures at all: some pages take too long, some do not (assumed)."""
    cut_off: float = 0.1
    """Share of blocked networks that lose most of their reports in the first hours: missing because blocked."""

    site_outages: float = 14.6
    """Per target (study: one in 25 days)."""
    cdn_trouble: float = 3.0
    """Per target, on all networks of the country at once, timeouts only (study)."""
    peering_losses: float = 1.2
    """Per target and network (study)."""
    refusals: float = 1.0
    """Per target: the server, or its shield against robots, answers this country with errors (assumed)."""
    vantage_outages: float = 6.0
    """Per vantage point, half of them silent and half with every measurement failing (study: half and half)."""
    network_outages: float = 4.0
    """Per network (assumed), likewise."""
    portals: float = 2.0
    """Per vantage point: everything is redirected to a login page (assumed)."""
    lies: float = 4.0
    """Per country: one vantage point claims that one target is blocked, with artefacts (assumed)."""
    liars: int = 0
    """So many vantage points agree on each of these lies, at the same time; 0 is one that lies alone (ours)."""

    bursts: bool = False
    """Whether a failure is followed by measurements at +1, +2 and +4 minutes with experiments beside them."""
    tell_block: float = 0.90
    """Experiments in a block that show it: an innocuous name, or a neighbouring address, passes (assumed)."""
    tell_path: float = 0.90
    """Experiments during other trouble that show it: the innocuous name or neighbour fails as well (assumed)."""
    mistaken: float = 0.03
    """Experiments that show the contrary of what is the case (assumed)."""

    def __post_init__(self) -> None:
        if min((self.days, self.cadence, self.targets, self.controls, *self.vantages, len(self.vantages))) < 1:
            raise ValueError("a world needs days, targets, networks with vantage points, and controls")

    @property
    def seconds(self) -> int:
        """How long it lasts."""
        return self.days * DAY

    @property
    def unit_years(self) -> float:
        """Targets times networks times years: what false alarms are counted per.

        >>> round(World(days=73, targets=5, vantages=(1, 1)).unit_years, 2)
        2.0
        """
        return self.targets * len(self.vantages) * self.seconds / YEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueBlock:
    """What was really the case: one target, one network, one stretch of time."""

    event: int
    """The same for all networks of one blocking event."""
    target: str
    network: str
    kind: Kind
    start: datetime
    end: datetime


def target_name(index: int) -> str:
    """The name of a target."""
    return f"site-{index}"


def network_name(index: int) -> str:
    """The name of a network; the numbers are reserved for documentation (RFC 5398)."""
    return f"AS{64496 + index}"


def dice_for(seed: int, *place: str | int) -> Random:
    """Dice of their own for one place of a world, so that a change elsewhere leaves them alone.

    >>> dice_for(1, "line", 0).random() == dice_for(1, "line", 0).random()
    True
    """
    return Random(" ".join(map(str, (*place, seed))))  # noqa: S311 (repeatable dice, nothing secret)

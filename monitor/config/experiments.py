"""What is compared beside the visits: our control server, names that nobody blocks, how often, and when one fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from probes.model import Echo


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstSettings:
    """What follows a failed visit: rounds of experiments, and how many of them at most."""

    enabled: bool = True
    after: tuple[timedelta, ...] = (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4))
    """When each round begins, counted from the failure (docs/reference/experiments.md says why then)."""
    hold_off: timedelta = timedelta(seconds=15)
    """Rest between a flow that shows the target's name and an innocuous one to the same place: who punishes an address
    after a forbidden name does so for seconds to minutes (own choice, within the minute between two rounds)."""
    at_once: int = 2
    """Bursts that run at the same time at one vantage point; a block of many targets must not flood its line."""
    per_hour: int = 12
    """Bursts that begin within an hour at one vantage point."""
    rest: timedelta = timedelta(hours=1)
    """After a burst that proved what it was made for, the same page at the same place is left alone so long."""
    controls_apart: timedelta = timedelta(minutes=1)
    """Controls are asked about the same page at once, but not again within this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentSettings:
    """What experiments there can be, and their schedule."""

    echo: Echo | None = None
    innocuous_names: tuple[str, ...] = ()
    no_dns: tuple[str, ...] = ()
    every: Mapping[str, timedelta] = field(default_factory=dict)
    """Kind of probe -> how often it is measured beside the visits; a kind that is not named runs in bursts only."""
    burst: BurstSettings = field(default_factory=BurstSettings)

    @property
    def only_repeats(self) -> bool:
        """Whether failed visits are repeated at once with nothing beside them that tells a block from trouble for all:
        names are swapped at a control server of our own."""
        return self.burst.enabled and self.echo is None

"""The plan: what one vantage point is asked to measure and how often, signed by its collector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from probes.model import Limits, Resolvers, Target, VantagePoint

NAMESPACE = "plan@presscanary"

Seconds: TypeAlias = float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Targets and schedule of one vantage point. An agent visits nothing that is not in a plan its key's collector
    signed, and nothing in it that its operator has not agreed to."""

    serial: int
    """Grows with each change; an agent never goes back to a lower one."""
    made: str
    """RFC 3339, by the collector's clock."""
    vantage: VantagePoint
    """As the collector knows it; the agent copies it into every measurement."""
    risk: int
    """The version of the risk text that operators have to accept."""
    targets: tuple[Target, ...]
    interval: Seconds = 600.0
    intervals: Mapping[str, Seconds] = field(default_factory=dict)
    """Other intervals of single targets, by id."""
    beside: Mapping[str, Seconds] = field(default_factory=dict)
    """Kinds of probe that run beside the visits, and how often."""
    concurrency: int = 8
    resolvers: Resolvers = field(default_factory=Resolvers)
    limits: Limits = field(default_factory=Limits)
    innocuous_names: tuple[str, ...] = ()
    no_dns: tuple[str, ...] = ()

    @property
    def categories(self) -> frozenset[str]:
        """The categories of its targets; one without a category has the empty one."""
        return frozenset(target.category for target in self.targets)

    def interval_of(self, target: str) -> Seconds:
        """How often a target is visited."""
        return self.intervals.get(target, self.interval)

"""What one experiment shows, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from monitor.model import Layer, Locus
from probes.model import Measurement, Purpose, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The meaning of one experiment. Its id never changes its meaning; a changed reading gets a new id."""

    rule_id: str
    why: str
    """One sentence for people: what was seen, and what it means."""
    technique: str | None = None
    layer: Layer | None = None
    locus: Locus = Locus.UNKNOWN
    decisive: bool = False
    """Whether the comparison by itself shows that the network, and not the site, makes the difference."""
    exonerating: bool = False
    """Whether what nobody blocks fails in the same way, so that a failure here accuses nobody."""
    steps: tuple[int, ...] = ()
    """Indices of the measurement's steps that this rests on."""


def steps_of(measurement: Measurement, *purposes: Purpose) -> tuple[Step, ...]:
    """The steps that were made for one of the purposes, in their order."""
    return tuple(step for step in measurement.steps if step.purpose in purposes)


def indices(measurement: Measurement, holds: Callable[[Step], bool]) -> tuple[int, ...]:
    """Where in the measurement the steps are of which something holds."""
    return tuple(number for number, step in enumerate(measurement.steps) if holds(step))


def made_for(measurement: Measurement, purposes: Iterable[Purpose]) -> tuple[int, ...]:
    """Where in the measurement the steps of these purposes are."""
    wanted = frozenset(purposes)
    return indices(measurement, lambda step: step.purpose in wanted)

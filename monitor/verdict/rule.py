"""What a rule is: one reading of a case, as data. Its id never changes its meaning; a changed reading gets a new id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitor.model import Evidence, Layer, Locus, Observation, State
from monitor.verdict.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """If `matches` finds the observation that decides, the verdict is what the other fields say."""

    id: str
    why: str
    """One sentence for people: what was seen, and why it means that."""
    state: State
    matches: Callable[[Case], Observation | None]
    layer: Layer | None = None
    technique: str | None = None
    locus: Locus = Locus.UNKNOWN
    evidence: Evidence = Evidence.NONE

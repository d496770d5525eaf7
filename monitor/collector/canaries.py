"""Targets whose true state we know: how often a vantage point says something else of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.model import Outcome, State

LEAST = 3
"""So many contradictions …"""
SHARE = 0.2
"""… and this share of what was said: networks fail by themselves, too, and seldom so often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one vantage point said of the canaries."""

    said: int = 0
    contrary: int = 0

    @property
    def lies(self) -> bool:
        """Whether that is more than what happens by itself."""
        return self.contrary >= LEAST and self.contrary >= SHARE * self.said


def scores(outcomes: Iterable[Outcome], canaries: Mapping[str, str]) -> dict[str, Score]:
    """The score of each vantage point; `insufficient` says nothing and does not count.

    A canary that is up may be called neither blocked nor down, one that is down not ok.
    """
    found: dict[str, Score] = {}
    for outcome in outcomes:
        expected, state = canaries.get(outcome.target), outcome.verdict.state
        if expected is None or state is State.INSUFFICIENT:
            continue
        contrary = state is State.OK if expected == "down" else state is not State.OK
        before = found.get(outcome.vantage, Score())
        found[outcome.vantage] = Score(said=before.said + 1, contrary=before.contrary + contrary)
    return found

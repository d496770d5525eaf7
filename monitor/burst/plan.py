"""Which measurements a burst consists of, in which order: pure, the dice are passed in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from monitor.config import BurstSettings
from monitor.model import Outcome, State
from probes.model import Role, Target, VantagePoint

VISIT = "website"
"""The kind whose failure sets a burst off, and which is repeated in each round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What failed, and where: one URL of a target at one vantage point."""

    target: Target
    url: str
    vantage: VantagePoint

    @property
    def id(self) -> str:
        """Its name among the bursts that run."""
        return f"{self.target.id} {self.url}@{self.vantage.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One measurement of a round."""

    kind: str
    target: Target
    url: str
    trigger: bool
    """Whether it shows the failing target's name to anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Measurements that are made one after the other, not before `after` the failure."""

    after: timedelta
    trials: tuple[Trial, ...]


def plan(
    page: Page, settings: BurstSettings, *, possible: Collection[str], innocuous: Sequence[Target], dice: Random
) -> tuple[Round, ...]:
    """The rounds that a failure of `page` sets off, each in an order of its own.

    Each has the same visit, the swap of the name that the page's scheme shows, the name by every resolver (one that
    runs no DNS among them), and a visit to an innocuous target. The second round swaps the Host header of an https://
    page as well. Kinds that are not `possible` are left out. The order is drawn: what a censor remembers of one
    connection must not spoil the same comparison every time.
    """
    return tuple(
        Round(after=after, trials=_round(page, number, possible=possible, innocuous=innocuous, dice=dice))
        for number, after in enumerate(settings.after)
    )


def _round(
    page: Page, number: int, *, possible: Collection[str], innocuous: Sequence[Target], dice: Random
) -> tuple[Trial, ...]:
    secure = page.url.startswith("https:")
    kinds = [VISIT, "sni_swap" if secure else "host_swap", "dns_consistency"]
    if secure and number == 1:
        kinds.append("host_swap")
    trials = [Trial(kind=kind, target=page.target, url=page.url, trigger=True) for kind in kinds if kind in possible]
    if innocuous:
        other = dice.choice(innocuous)
        trials.append(Trial(kind=VISIT, target=other, url=other.urls[0], trigger=False))
    dice.shuffle(trials)
    return tuple(trials)


def wanted(outcome: Outcome) -> bool:
    """Whether a visit failed in a way that experiments can explain: not everybody's failure, nor the place's own."""
    watched = outcome.role is Role.VANTAGE and not outcome.innocuous
    verdict = outcome.verdict
    failed = verdict.state is State.BLOCKED or (verdict.state is State.INSUFFICIENT and verdict.failure is not None)
    return watched and failed and not verdict.rule_id.startswith("vantage.")

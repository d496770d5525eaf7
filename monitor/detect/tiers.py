"""How sure an event is: suspected, likely or confirmed, and never surer than the evidence is independent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.detect.settings import DetectorSettings
from monitor.detect.tally import Tally
from monitor.model import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """What the control vantage points say of an event's target while it lasts."""

    agree: int
    """They reached it."""
    total: int
    """They tried."""
    networks: int = 0
    """Networks that those who agree stand in; 0 where nobody knows."""


def tier_of(tallies: Sequence[Tally], votes: Votes, settings: DetectorSettings) -> Tier:
    """The tier that all networks of an event give together.

    Suspected: the alarm, and no more. Likely: undisputed, not the server's own doing, reached by at least three control
    vantage points in two networks, and seen from two vantage points, or by the only one that its network has, for an
    hour or with three decisive experiments. Confirmed: likely, and at two vantage points or more, because one alone may
    lie: most failures carry an artefact that only interference leaves, or experiments were decisive twice at each.
    Pooled rows never confirm anything, because nobody knows how many people stand behind them.
    """
    believed = [tally for tally in tallies if not tally.disputed]
    if not believed or not _controls_agree(votes, settings) or not _independent(believed, settings):
        return Tier.SUSPECTED
    failures = sum(tally.blocked for tally in believed)
    if sum(tally.server_answers for tally in believed) >= settings.server_share * failures:
        return Tier.SUSPECTED
    proven = (_proven(believed, settings) or _compared(believed, settings)) and not all(
        tally.pooled for tally in believed
    )
    return Tier.CONFIRMED if proven else Tier.LIKELY


def _controls_agree(votes: Votes, settings: DetectorSettings) -> bool:
    enough = votes.agree >= settings.controls_needed and votes.networks >= settings.controls_networks
    return enough and votes.agree > votes.total / 2


def _independent(tallies: Sequence[Tally], settings: DetectorSettings) -> bool:
    """Two vantage points say so, or the only one of its network has said so for long enough or tried it often enough.

    Where others measure as well they are waited for: they may see the target work in a minute.
    """
    if _accusers(tallies) >= 2:
        return True
    return any(
        (tally.alone and tally.lasted >= settings.lone_persistence)
        or (tally.sole and tally.decisive.total() >= settings.lone_decisive)
        for tally in tallies
    )


def _proven(tallies: Sequence[Tally], settings: DetectorSettings) -> bool:
    """Enough artefacts, from two vantage points: who merely saw failures at the same time does not vouch for them."""
    if len(frozenset().union(*(tally.provers for tally in tallies))) < 2:
        return False
    artefacts = sum(tally.artefacts for tally in tallies)
    failures = sum(tally.blocked for tally in tallies)
    return artefacts >= settings.artefacts_needed and artefacts >= settings.artefact_share * failures


def _compared(tallies: Sequence[Tally], settings: DetectorSettings) -> bool:
    """Experiments that compared names, resolvers or speeds and found that only the target's fails, at each of several
    vantage points more often than by mistake."""
    decisive = sum((tally.decisive for tally in tallies), Counter[str]())
    return sum(count >= settings.decisive_repeats for count in decisive.values()) >= settings.decisive_points


def _accusers(tallies: Sequence[Tally]) -> int:
    return len(frozenset().union(*(tally.span.accusers for tally in tallies)))

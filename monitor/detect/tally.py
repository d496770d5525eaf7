"""What the cells inside one span amount to: counts, techniques, votes and witnesses; what tiers and events are made
of."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median_low
from typing import TypeVar

from monitor.detect.settings import DetectorSettings
from monitor.detect.unit import Span
from monitor.model import Cell, Evidence, Locus, NetworkSpan

_T = TypeVar("_T")
_MAJORITY = 0.75
"""Part of the failures that must share a technique's node before an event is called by it: the same for every level."""
_NAT = 0.4342944819032518
"""log10(e): nats become the base-ten logarithm that people compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One network's part in an event, with the cells that it rests on already counted."""

    span: Span
    network: str
    blocked: int
    ok: int
    artefacts: int
    server_answers: int
    provers: frozenset[str]
    """Accusers of whose own failures enough carry an artefact."""
    decisive: Counter[str]
    """Decisive experiments per accuser …"""
    proven: Counter[str]
    """… and per technique of the failures that they were made beside."""
    techniques: Counter[str]
    loci: Counter[Locus]
    votes: tuple[tuple[int, int], ...]
    """(agree, total) of the controls, as each blocked cell noted them."""
    witnesses: tuple[str, ...]
    lasted: timedelta
    """From the first to the last failure."""
    alone: bool
    """No other vantage point of this network had a word to say."""
    disputed: bool
    """One vantage point accuses, another one of the same network sees the target work."""
    pooled: bool
    """Nobody but pooled rows accuses."""
    simulated: bool


def tallies(spans: Iterable[Span], cells: Sequence[Cell], settings: DetectorSettings) -> tuple[Tally, ...]:
    """Count, for each span of a unit, what its cells (in the order of time) say between onset and last failure."""
    starts = [cell.start for cell in cells]
    widest = max((cell.end - cell.start for cell in cells), default=timedelta(0))
    found = []
    for span in spans:
        since = span.onset[1]
        until = max(since, (span.end[0] if span.end else None) or starts[-1])
        near = cells[bisect_left(starts, since - widest) : bisect_right(starts, until)]
        found.append(tally(span, [cell for cell in near if cell.end >= since], settings))
    return tuple(found)


def tally(span: Span, cells: Sequence[Cell], settings: DetectorSettings) -> Tally:
    """Count what the cells inside the span say."""
    failed = [cell for cell in cells if cell.blocked]
    # All failures of those who accuse may lie before the onset, which only says when most began.
    blocked = [cell for cell in failed if cell.vantage in span.accusers] or failed
    mates = _mates(span, cells)
    return Tally(
        span=span,
        network=blocked[0].network,
        blocked=sum(cell.blocked for cell in blocked),
        ok=sum(cell.ok for cell in cells),
        artefacts=sum(cell.blocked for cell in blocked if cell.evidence is Evidence.ARTEFACT),
        server_answers=sum(cell.blocked for cell in blocked if cell.evidence is Evidence.SERVER_ANSWER),
        provers=_provers(blocked, settings),
        decisive=_count((cell.vantage, cell.decisive) for cell in blocked if cell.decisive),
        proven=_count((cell.technique, cell.decisive) for cell in blocked if cell.technique and cell.decisive),
        techniques=_count((cell.technique, cell.blocked) for cell in blocked if cell.technique),
        loci=_count((cell.locus, cell.blocked) for cell in blocked),
        votes=tuple(sorted((cell.controls_agree, cell.controls_total) for cell in blocked)),
        witnesses=tuple(dict.fromkeys(name for cell in blocked for name in cell.witnesses))[: settings.witnesses],
        lasted=max(cell.end for cell in blocked) - blocked[0].start,
        alone=not mates and len(span.accusers) == 1,
        disputed=len(span.accusers) == 1 and any(ok > failed for failed, ok in mates.values()),
        pooled=all(cell.pooled for cell in blocked),
        simulated=any(cell.simulated for cell in cells),
    )


def part(tally: Tally) -> NetworkSpan:
    """The tally as it stands in an event."""
    return NetworkSpan(
        network=tally.network,
        onset=tally.span.onset,
        end=tally.span.end,
        alarm=tally.span.alarm,
        technique=named([tally]),
        vantage_points=len(tally.span.accusers),
        score=round(tally.span.score * _NAT, 2),
        witnesses=tally.witnesses,
    )


def shared(techniques: Counter[str]) -> str | None:
    """The deepest node that three quarters of the failures share, None where not even the layer is.

    >>> shared(Counter({"tcp.timeout": 5, "tcp.refused": 5}))
    'tcp'
    >>> shared(Counter({"tls.reset.sni": 9, "tls.reset": 1}))
    'tls.reset.sni'
    >>> shared(Counter({"dns": 1, "tcp": 1})) is None
    True
    """
    total, node = techniques.total(), ""
    for depth in range(1, 1 + max((name.count(".") + 1 for name in techniques), default=0)):
        below = _count(
            (".".join(name.split(".")[:depth]), count)
            for name, count in techniques.items()
            if name.count(".") + 1 >= depth and f"{name}.".startswith(f"{node}." if node else "")
        )
        best, count = max(below.items(), key=lambda item: (item[1], item[0]), default=("", 0))
        if count < _MAJORITY * total:
            break
        node = best
    return node or None


def named(tallies: Sequence[Tally]) -> str | None:
    """What a block is called: what most failures share or, deeper below that node, what most decisive experiments show.

    Experiments are few beside the failures, so that their word would be lost among those who saw less.
    """
    node = shared(sum((tally.techniques for tally in tallies), Counter()))
    proven = shared(sum((tally.proven for tally in tallies), Counter()))
    return proven if node and proven and proven.startswith(f"{node}.") else node


def median_vote(tallies: Iterable[Tally]) -> tuple[int, int]:
    """The controls' votes in the middle of all that the blocked cells noted; (0, 0) where none did."""
    votes = sorted(vote for tally in tallies for vote in tally.votes)
    return median_low(votes) if votes else (0, 0)


def _provers(blocked: Iterable[Cell], settings: DetectorSettings) -> frozenset[str]:
    failed: Counter[str] = Counter()
    artefacts: Counter[str] = Counter()
    for cell in blocked:
        failed[cell.vantage] += cell.blocked
        artefacts[cell.vantage] += cell.blocked if cell.evidence is Evidence.ARTEFACT else 0
    return frozenset(
        vantage for vantage, count in artefacts.items() if count and count >= settings.artefact_share * failed[vantage]
    )


def _mates(span: Span, cells: Iterable[Cell]) -> dict[str, tuple[int, int]]:
    seen: dict[str, tuple[int, int]] = {}
    for cell in cells:
        if cell.vantage not in span.accusers and (cell.ok or cell.blocked):
            failed, ok = seen.get(cell.vantage, (0, 0))
            seen[cell.vantage] = failed + cell.blocked, ok + cell.ok
    return seen


def _count(pairs: Iterable[tuple[_T, int]]) -> Counter[_T]:
    total: Counter[_T] = Counter()
    for key, count in pairs:
        total[key] += count
    return total

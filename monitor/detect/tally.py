"""What the rows inside one span amount to: counts, techniques, votes and witnesses; what tiers and events are made
of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median_low
from typing import TypeVar

import numpy as np

from monitor.detect.series import EVIDENCE, LOCI, Ints, Series, Small, length, moment, stamp
from monitor.detect.settings import DetectorSettings
from monitor.detect.unit import Span
from monitor.model import Evidence, Locus, NetworkSpan

_T = TypeVar("_T")
_MAJORITY = 0.75
"""Part of the failures that must share a technique's node before an event is called by it: the same for every level."""
_SEVERAL = 2
"""Decisive experiments that it takes to name a technique: one may be mistaken."""
_NAT = 0.4342944819032518
"""log10(e): nats become the base-ten logarithm that people compare."""
_ARTEFACT, _SERVER_ANSWER = EVIDENCE.index(Evidence.ARTEFACT), EVIDENCE.index(Evidence.SERVER_ANSWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One network's part in an event, with the rows that it rests on already counted."""

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
    votes: Counter[tuple[int, int]]
    """(agree, total) of the controls, as each blocked row noted them."""
    witnesses: tuple[str, ...]
    lasted: timedelta
    """From the first to the last failure."""
    alone: bool
    """No other vantage point of this network had a word to say …"""
    sole: bool
    """… and none has been at work there for a while: nobody will."""
    disputed: bool
    """One vantage point accuses, another one of the same network sees the target work."""
    pooled: bool
    """Nobody but pooled rows accuses."""
    simulated: bool


def tallies(spans: Iterable[Span], series: Series, settings: DetectorSettings) -> tuple[Tally, ...]:
    """Count, for each span of a unit, what its rows say between onset and last failure."""
    return tuple(tally(span, series, _inside(span, series), settings) for span in spans)


def tally(span: Span, series: Series, rows: Ints, settings: DetectorSettings) -> Tally:
    """Count what these rows of a series, the ones inside the span, say."""
    accusing = np.isin(series.vantages, sorted(span.accusers))[series.vantage[rows]]
    failed = series.blocked[rows] > 0
    # All failures of those who accuse may lie before the onset, which only says when most began.
    blocked = rows[failed & accusing] if (failed & accusing).any() else rows[failed]
    counts, evidence = series.blocked[blocked], series.evidence[blocked]
    decisive = np.zeros(len(blocked), np.int64) if series.decisive is None else series.decisive[blocked]
    others = _mates(series, rows[~accusing])
    pooled = series.pooled or (False,) * len(series.vantages)
    alone = not others and len(span.accusers) == 1
    return Tally(
        span=span,
        network=series.network,
        blocked=int(counts.sum()),
        ok=int(series.ok[rows].sum()),
        artefacts=int(counts[evidence == _ARTEFACT].sum()),
        server_answers=int(counts[evidence == _SERVER_ANSWER].sum()),
        provers=_provers(series, blocked, settings),
        decisive=_named(series.vantages, series.vantage, blocked, decisive),
        proven=_named(series.techniques, series.technique, blocked, decisive),
        techniques=_named(series.techniques, series.technique, blocked, counts),
        loci=_named(LOCI, series.locus, blocked, counts),
        votes=_votes(series, blocked),
        witnesses=_witnesses(series, blocked, settings.witnesses),
        lasted=moment(series.end[blocked].max()) - moment(series.start[blocked[0]]),
        alone=alone,
        sole=alone and _sole(span, series, settings),
        disputed=len(span.accusers) == 1 and any(ok > failed for failed, ok in others),
        pooled=all(pooled[number] for number in set(series.vantage[blocked].tolist())),
        simulated=series.simulated,
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
        score=decades(tally.span.score),
        witnesses=tally.witnesses,
    )


def decades(nats: float) -> float:
    """Nats as the base-ten logarithm that people compare.

    >>> decades(12.0)
    5.21
    """
    return round(nats * _NAT, 2)


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
    told = sum((tally.proven for tally in tallies), Counter[str]())
    proven = shared(told) if told.total() >= _SEVERAL else None
    return proven if node and proven and proven.startswith(f"{node}.") else node


def median_vote(tallies: Iterable[Tally]) -> tuple[int, int]:
    """The controls' votes in the middle of all that the blocked rows noted; (0, 0) where none did."""
    votes = sum((tally.votes for tally in tallies), Counter[tuple[int, int]]())
    return median_low(votes.elements()) if votes else (0, 0)


def _inside(span: Span, series: Series) -> Ints:
    """The rows from the span's onset to its last failure; rows of several measurements may begin before that."""
    since = stamp(span.onset[1])
    last = _last(span, series)
    widest = 0 if series.end is series.start else int((series.end - series.start).max())
    near = np.arange(
        series.start.searchsorted(since - widest), series.start.searchsorted(max(since, last), side="right")
    )
    return near if not widest else near[series.end[near] >= since]


def _last(span: Span, series: Series) -> int:
    """The span's last failure, or the last row of all while it lasts."""
    return stamp(span.end[0]) if span.end and span.end[0] else int(series.start[-1])


def _provers(series: Series, blocked: Ints, settings: DetectorSettings) -> frozenset[str]:
    counts, size = series.blocked[blocked], len(series.vantages)
    failed = np.bincount(series.vantage[blocked], counts, size)
    artefacts = np.bincount(series.vantage[blocked], counts * (series.evidence[blocked] == _ARTEFACT), size)
    proven = (artefacts > 0) & (artefacts >= settings.artefact_share * failed)
    return frozenset(series.vantages[number] for number in np.flatnonzero(proven).tolist())


def _sole(span: Span, series: Series, settings: DetectorSettings) -> bool:
    """Whether nobody else on the network measured the target since some time before the onset, whatever it gave."""
    since = stamp(span.onset[1]) - length(settings.active)
    near = series.vantage[series.start.searchsorted(since) : series.start.searchsorted(_last(span, series), "right")]
    return len(np.unique(near)) <= 1


def _mates(series: Series, rows: Ints) -> list[tuple[float, float]]:
    """Failures and successes of each of the vantage points that do not accuse and have a word to say."""
    size = len(series.vantages)
    seen = (np.bincount(series.vantage[rows], column[rows], size).tolist() for column in (series.blocked, series.ok))
    return [(failed, ok) for failed, ok in zip(*seen, strict=True) if failed or ok]


def _named(names: Sequence[_T], codes: Small | None, rows: Ints, counts: Small) -> Counter[_T]:
    """The counts by what a column of codes names; rows with a negative code have no name."""
    if codes is None:
        return Counter()
    said = codes[rows] >= 0
    total = np.bincount(codes[rows][said], counts[said], len(names)).tolist()
    return Counter({name: int(count) for name, count in zip(names, total, strict=True) if count})


def _votes(series: Series, rows: Ints) -> Counter[tuple[int, int]]:
    if series.agree is None or series.total is None:
        return Counter()
    return Counter(zip(series.agree[rows].tolist(), series.total[rows].tolist(), strict=True))


def _witnesses(series: Series, rows: Ints, wanted: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for row in rows.tolist() if series.witnesses else ():
        found |= dict.fromkeys(series.witnesses(row) if series.witnesses else ())
        if len(found) >= wanted:
            break
    return tuple(found)[:wanted]


def _count(pairs: Iterable[tuple[_T, int]]) -> Counter[_T]:
    total: Counter[_T] = Counter()
    for key, count in pairs:
        total[key] += count
    return total

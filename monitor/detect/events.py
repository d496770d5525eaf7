"""Spans of single networks put together to blocking events: one target, one country, one stretch of time."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np

from monitor.detect.collapse import Outage
from monitor.detect.series import Series, stamp
from monitor.detect.settings import DetectorSettings
from monitor.detect.tally import Tally, decades, median_vote, named, part
from monitor.detect.tiers import Votes, tier_of
from monitor.model import BlockingEvent, EventKind, Interval, Locus, Tier
from probes.document import rfc3339

DETECTOR = "bernoulli-cusum/4"
"""Name and version of the method, as it stands in every event."""


def cluster(tallies: Iterable[Tally], settings: DetectorSettings) -> tuple[tuple[Tally, ...], ...]:
    """Group the tallies of one target and country: those overlap, or their onsets lie within `network_join`."""
    groups: list[list[Tally]] = []
    for tally in sorted(tallies, key=_position):
        if groups and _joins(groups[-1], tally, settings):
            groups[-1].append(tally)
        else:
            groups.append([tally])
    return tuple(tuple(group) for group in groups)


def compose(
    target: str, country: str, tallies: Sequence[Tally], controls: Series | None, settings: DetectorSettings
) -> BlockingEvent:
    """One event from its networks' tallies and what control vantage points saw of the same target.

    Where some networks are believed and others disputed, the believed ones alone date the event.
    """
    told = [tally for tally in tallies if not tally.disputed] or list(tallies)
    onset, end = _onset(told, settings), _end(told)
    votes = _votes(controls, onset, end) or _noted(told)
    accusers = frozenset().union(*(tally.span.accusers for tally in told))
    networks = tuple(sorted({tally.network for tally in told}))
    spans = tuple(part(tally) for tally in tallies)
    witnesses = dict.fromkeys(name for tally in told for name in tally.witnesses)
    return BlockingEvent(
        id=identity(target, country, onset),
        target=target,
        country=country,
        networks=networks,
        onset=onset,
        end=end,
        tier=tier_of(tallies, votes, settings),
        technique=named(told),
        locus=_locus(told),
        alarm=min(tally.span.alarm for tally in told),
        score=max(span.score for span in spans),
        counts={
            "vantage_points": len(accusers),
            "networks": len(networks),
            "blocked": sum(tally.blocked for tally in told),
            "ok": sum(tally.ok for tally in told),
            "controls_agree": votes.agree,
            "controls_total": votes.total,
            "flaps": sum(tally.span.flaps for tally in told),
            "decisive": sum(tally.decisive.total() for tally in told),
        },
        witnesses=tuple(witnesses)[: settings.witnesses],
        spans=spans,
        disputed=all(tally.disputed for tally in tallies),
        simulated=any(tally.simulated for tally in tallies),
        detector=DETECTOR,
    )


def offline(outage: Outage) -> BlockingEvent:
    """The event of a network that stopped reporting; it accuses nobody of blocking anything."""
    several = len(outage.vantages) > 1
    return BlockingEvent(
        id=identity(f"{outage.network} offline", outage.country, outage.onset),
        target=outage.network,
        country=outage.country,
        networks=(outage.network,),
        onset=outage.onset,
        end=outage.end,
        tier=Tier.LIKELY if several else Tier.SUSPECTED,
        technique=None,
        locus=Locus.UNKNOWN,
        alarm=outage.alarm,
        score=decades(outage.score),
        counts={
            "vantage_points": len(outage.vantages),
            "networks": 1,
            "blocked": 0,
            "ok": 0,
            "controls_agree": 0,
            "controls_total": 0,
            "flaps": 0,
            "missing": outage.missing,
            "due": outage.due,
        },
        witnesses=(),
        kind=EventKind.OFFLINE,
        detector=DETECTOR,
        simulated=outage.simulated,
    )


def identity(target: str, country: str, onset: Interval) -> str:
    """The id of an event that nobody knows yet: readable, and the same wherever the same data is looked over.

    >>> identity("Kloop.kg", "KG", (None, datetime(2023, 9, 12, 5, tzinfo=UTC)))
    'kloop.kg-kg-2023-09-12-939538'
    """
    facts = f"{target}\n{country}\n{rfc3339(onset[1])}"
    name = re.sub(r"[^a-z0-9.]+", "-", f"{target}-{country}".lower()).strip("-")
    return f"{name}-{onset[1].astimezone(UTC).date()}-{hashlib.sha256(facts.encode()).hexdigest()[:6]}"


def _position(tally: Tally) -> tuple[datetime, str, datetime]:
    return tally.span.onset[1], tally.network, tally.span.alarm


def _joins(group: Sequence[Tally], tally: Tally, settings: DetectorSettings) -> bool:
    onset = tally.span.onset[1]
    if any(onset - other.span.onset[1] <= settings.network_join for other in group):
        return True
    return any(other.span.end is None or onset <= other.span.end[1] for other in group)


def _onset(tallies: Sequence[Tally], settings: DetectorSettings) -> Interval:
    """That of the networks which began together with the first; one that was first measured later tells nothing."""
    first = min(tally.span.onset[1] for tally in tallies)
    together = [tally.span.onset for tally in tallies if tally.span.onset[1] - first <= settings.network_join]
    seen_ok = [earliest for earliest, _ in together if earliest is not None]
    return (min(seen_ok) if len(seen_ok) == len(together) else None), first


def _end(tallies: Sequence[Tally]) -> Interval | None:
    """When the last network let go: an interval, or None while one still blocks."""
    ends = [tally.span.end for tally in tallies if tally.span.end is not None]
    if len(ends) < len(tallies):
        return None
    return max(end[0] or end[1] for end in ends), max(end[1] for end in ends)


def _locus(tallies: Iterable[Tally]) -> Locus:
    """Who made the difference in most of the failures; unknown where there is no such majority."""
    loci = sum((tally.loci for tally in tallies), Counter[Locus]())
    locus, count = max(loci.items(), key=lambda item: (item[1], item[0].value), default=(Locus.UNKNOWN, 0))
    return locus if count > loci.total() / 2 else Locus.UNKNOWN


def _votes(controls: Series | None, onset: Interval, end: Interval | None) -> Votes | None:
    """The control vantage points that tried during the event; each has one vote, by most of its measurements."""
    if controls is None:
        return None
    last = len(controls) if end is None else int(controls.start.searchsorted(stamp(end[1]), side="right"))
    rows = np.flatnonzero(controls.end[:last] >= stamp(onset[1]))
    size = len(controls.vantages)
    ok, blocked, down = (
        np.bincount(controls.vantage[rows], column[rows], size)
        for column in (controls.ok, controls.blocked, controls.down)
    )
    tried, agree = (ok + blocked + down) > 0, ok > blocked + down
    if not tried.any():
        return None
    networks = {controls.networks[number] for number in np.flatnonzero(agree).tolist()}
    return Votes(agree=int(agree.sum()), total=int(tried.sum()), networks=len(networks))


def _noted(tallies: Iterable[Tally]) -> Votes:
    """The votes in the middle of what the verdicts noted; whose votes those were is not known any more."""
    agree, total = median_vote(tallies)
    return Votes(agree=agree, total=total)

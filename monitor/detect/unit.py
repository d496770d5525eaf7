"""One target on one network: the sum over its vantage points, which raises the alarm, and its mirror, which ends it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from monitor.detect.cusum import Track
from monitor.detect.ground import Ground, Rows
from monitor.detect.null import Null
from monitor.detect.series import Floats, Series
from monitor.detect.settings import DetectorSettings
from monitor.detect.watch import blocks
from monitor.model import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch during which one network blocked the target, and who says so."""

    onset: Interval
    alarm: datetime
    score: float
    """Nats of all vantage points, each at its highest; one counts for at most the lone threshold, since repeats prove
    persistence only."""
    accusers: frozenset[str]
    end: Interval | None = None
    flaps: int = 0


def walk(series: Series, null: Null, settings: DetectorSettings) -> tuple[Span, ...]:
    """The spans of one unit; the last one may be open.

    Two watches run side by side, one for blocks that stop nearly everything and one for leaky ones; where both see
    something it is the same block. Pooled rows have the first watch only: strangers differ too much to tell a leak.
    """
    rows = speaking(series)
    if not len(rows.failing):
        return ()
    tracks = tracks_of(rows, series, settings)
    nulls = nulls_of(rows, tracks, series, null)
    strict = _spans(rows, tracks, nulls, series, settings)
    if all(track.pooled for track in tracks):
        return tuple(strict)
    leaky = _spans(rows, tracks, nulls, series, settings.leaky())
    return tuple(_join_flaps(_united([*strict, *leaky]), settings))


def speaking(series: Series) -> Rows:
    """The rows of a series that say something for or against a block."""
    said = (series.ok != 0) | (series.blocked != 0)
    whole = bool(said.all())
    start, end, ok, blocked, vantage, evidence = (
        column if whole else column[said]
        for column in (series.start, series.end, series.ok, series.blocked, series.vantage, series.evidence)
    )
    failing = np.flatnonzero(blocked)
    decisive = series.decisive if whole or series.decisive is None else series.decisive[said]
    return Rows(
        start=start,
        end=start if series.end is series.start else end,
        ok=ok,
        blocked=blocked,
        vantage=vantage,
        evidence=evidence,
        failing=failing,
        decisive=None if decisive is None else decisive[failing],
    )


def tracks_of(rows: Rows, series: Series, settings: DetectorSettings) -> tuple[Track, ...]:
    """The rows by vantage point; those that have nothing to say are left out."""
    columns = rows.start, rows.end, rows.ok, rows.blocked
    pooled = series.pooled or (False,) * len(series.vantages)
    own = ((number, np.flatnonzero(rows.vantage == number)) for number in range(len(series.vantages)))
    return tuple(Track.of(number, pooled[number], each, columns, settings) for number, each in own if len(each))


def nulls_of(rows: Rows, tracks: Sequence[Track], series: Series, null: Null) -> Floats:
    """p0 of each failing row."""
    found = np.zeros(len(rows.failing))
    times = rows.end[rows.failing]
    who = rows.vantage[rows.failing]
    for track in tracks:
        own = np.flatnonzero(who == track.number)
        if len(own):
            found[own] = null.probabilities(series.target, series.vantages[track.number], times[own])
    return found


def _spans(
    rows: Rows, tracks: Sequence[Track], nulls: Floats, series: Series, settings: DetectorSettings
) -> list[Span]:
    """The spans that one watch sees, one after the other."""
    found = []
    for seen in blocks(Ground.of(rows, tracks, nulls, settings)):
        names = frozenset(series.vantages[number] for number in seen.accusers)
        found.append(Span(onset=seen.onset, alarm=seen.alarm, score=seen.score, accusers=names, end=seen.end))
    return _join_flaps(found, settings)


def _united(spans: Iterable[Span]) -> list[Span]:
    """Spans that overlap as one, dated by the one that raised the alarm first."""
    united: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.onset[1], span.alarm)):
        before = united[-1] if united else None
        if before is None or (before.end is not None and before.end[1] < span.onset[1]):
            united.append(span)
            continue
        first = min(before, span, key=lambda each: each.alarm)
        united[-1] = replace(
            first,
            end=_later(before.end, span.end),
            score=max(before.score, span.score),
            accusers=before.accusers | span.accusers,
            flaps=max(before.flaps, span.flaps),
        )
    return united


def _later(one: Interval | None, other: Interval | None) -> Interval | None:
    """The end of what ended with both; None where one of them lasts."""
    if one is None or other is None:
        return None
    return max(one[0] or one[1], other[0] or other[1]), max(one[1], other[1])


def _join_flaps(spans: Iterable[Span], settings: DetectorSettings) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        before = joined[-1] if joined else None
        if before and before.end and span.onset[1] - before.end[1] <= settings.flap_join:
            joined[-1] = replace(
                before,
                end=span.end,
                score=max(before.score, span.score),
                accusers=before.accusers | span.accusers,
                flaps=before.flaps + span.flaps + 1,
            )
        else:
            joined.append(span)
    return joined

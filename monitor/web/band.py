"""From results to bands: stretches of time over which a series had one state, or a mix of states. Pure.

A result speaks for the time until the next one, but never longer than `carry`: a longer silence is a gap in the band,
for "not seen" is never "works".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from monitor.model import Cell, Outcome, State
from monitor.web.text import host_of

Series: TypeAlias = tuple[str, str, str, str]
"""Role, country, network, and what else tells it from its neighbours (vantage point, source, URL)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A stretch of one series; `counts` are measurements per state."""

    series: Series
    start: datetime
    end: datetime
    counts: Mapping[State, int]


def bands(outcomes: Sequence[Outcome], cells: Sequence[Cell], *, carry: timedelta) -> tuple[Band, ...]:
    """What is known of a target, ordered by series and time."""
    several = len({outcome.url for outcome in outcomes}) > 1
    return _joined([*(_of_outcome(row, several=several) for row in outcomes), *map(_of_cell, cells)], carry=carry)


def _of_outcome(outcome: Outcome, *, several: bool) -> Band:
    """A band of no length; its series names the URL only where the target has several."""
    detail = f"{outcome.vantage} · {_short(outcome.url)}" if several else outcome.vantage
    series = (outcome.role.value, outcome.country, outcome.network, detail)
    return Band(series=series, start=outcome.time, end=outcome.time, counts={outcome.verdict.state: 1})


def _short(url: str) -> str:
    scheme, _, _ = url.partition(":")
    return f"{scheme} {host_of(url)}"


def _of_cell(cell: Cell) -> Band:
    series = (cell.role.value, cell.country, cell.network, cell.source or cell.vantage)
    return Band(series=series, start=cell.start, end=cell.end, counts=_counts(cell))


def _counts(row: Cell) -> Mapping[State, int]:
    counts = {State.OK: row.ok, State.DOWN: row.down, State.BLOCKED: row.blocked, State.INSUFFICIENT: row.insufficient}
    return {state: count for state, count in counts.items() if count}


def _joined(found: Iterable[Band], *, carry: timedelta) -> tuple[Band, ...]:
    """Each band carried on to the next of its series, and neighbours in one pure state made one."""
    joined: list[Band] = []
    for band in sorted(found, key=lambda band: (band.series, band.start)):
        last = joined[-1] if joined and joined[-1].series == band.series else None
        if last is not None:
            last = joined[-1] = replace(last, end=max(last.start, min(last.end, band.start)))
        carried = replace(band, end=band.end + carry)
        if last is not None and last.end == band.start and _pure(last) is not None and _pure(last) is _pure(band):
            joined[-1] = replace(carried, start=last.start, counts=_plus(last, band))
        else:
            joined.append(carried)
    return tuple(joined)


def _plus(one: Band, other: Band) -> Mapping[State, int]:
    states = one.counts.keys() | other.counts.keys()
    return {state: one.counts.get(state, 0) + other.counts.get(state, 0) for state in State if state in states}


def _pure(band: Band) -> State | None:
    return next(iter(band.counts)) if len(band.counts) == 1 else None

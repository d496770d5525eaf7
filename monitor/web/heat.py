"""A heat map: one row per network (or target), one tile per day or longer, for stretches of months and years. Pure.

Shares of the width as in `timeline`; colours, heights and words belong to the template and the style sheet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from monitor.model import BlockingEvent, Day, State
from monitor.web.timeline import EventBar, Frame, Stretch, bar_of

_WIDTHS = (1, 7, 28)
"""Days that a tile may stand for."""
_MOST = 400
"""Tiles side by side: finer ones are narrower than two pixels on a wide screen."""
_ANCHOR = date(1970, 1, 5)
"""A Monday, so that tiles of weeks begin with the week and keep their place when the page moves."""
_SOME, _MUCH = 0.1, 0.5
"""Shares of blocked results from which a tile is drawn higher and darker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A stretch of one row in which every bin looks alike; `counts` are measurements per state, all bins together."""

    at: Stretch
    grade: str
    """ok, few, some, much (blocked shares), down, or insufficient."""
    counts: Mapping[State, int]

    @property
    def share(self) -> float | None:
        """The blocked share of the results that say something; None where none does."""
        return _share(self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    """One network, or one target: its tiles, and the events that cover it."""

    name: str
    country: str
    tiles: tuple[Tile, ...]
    counts: Mapping[State, int]
    days: int
    """Days with a measurement."""
    events: tuple[EventBar, ...] = ()

    def count(self, state: str) -> int:
        """How many measurements had a state."""
        return self.counts.get(State(state), 0)

    @property
    def reached(self) -> float | None:
        """The share of results that say something and are ok; None where none says anything: no data is no success."""
        telling = _telling(self.counts)
        return self.counts.get(State.OK, 0) / telling if telling else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """The whole map; `width` is the length of one bin."""

    width: timedelta
    rows: tuple[HeatRow, ...]


def heat(
    days: Iterable[Day],
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    events: Sequence[BlockingEvent] = (),
    by: str = "network",
) -> Heat:
    """The map of `since` to `until`; rows by `network` or by `target`, with the most blocked first.

    Days of the same row and bin are added up; a bin without a measurement has no tile.
    """
    frame = Frame(since=since, until=until, now=now)
    width = next((each for each in _WIDTHS if (until - since).days / each <= _MOST), _WIDTHS[-1])
    grouped: dict[tuple[str, str], list[Day]] = defaultdict(list)
    for day in days:
        grouped[day.country, getattr(day, by)].append(day)
    spans = _spans(events, frame, by)
    for key in spans:
        grouped.setdefault(key, [])
    rows = [_row(key, found, frame, width, spans.get(key, ())) for key, found in grouped.items()]
    return Heat(width=timedelta(days=width), rows=tuple(sorted(rows, key=_order)))


def _order(row: HeatRow) -> tuple[float, str, str]:
    return (-row.counts.get(State.BLOCKED, 0) / max(1, _telling(row.counts)), row.country, row.name)


def _row(key: tuple[str, str], days: Sequence[Day], frame: Frame, width: int, events: Sequence[EventBar]) -> HeatRow:
    bins: dict[date, dict[State, int]] = defaultdict(dict)
    for day in days:
        start = day.day - timedelta(days=(day.day - _ANCHOR).days % width)
        bins[start] = _plus(bins[start], _counts(day))
    total: dict[State, int] = {}
    for counts in bins.values():
        total = _plus(total, counts)
    country, name = key
    return HeatRow(
        name=name,
        country=country,
        tiles=tuple(_joined(_tiles(bins, frame, width))),
        counts=total,
        days=len({day.day for day in days}),
        events=tuple(events),
    )


def _tiles(bins: Mapping[date, Mapping[State, int]], frame: Frame, width: int) -> Iterator[Tile]:
    for start in sorted(bins):
        begins = datetime.combine(start, time(), UTC)
        at = frame.stretch(begins, min(begins + timedelta(days=width), max(frame.now, begins)))
        if at is not None and any(bins[start].values()):
            yield Tile(at=at, grade=grade(bins[start]), counts=bins[start])


def _joined(tiles: Iterator[Tile]) -> Iterator[Tile]:
    """Neighbours that look alike as one, which keeps years on a page small."""
    found = list(tiles)
    starts = [0, *(index for index, (one, other) in enumerate(pairwise(found), 1) if not _alike(one, other))]
    for first, last in zip(starts, [*starts[1:], len(found)], strict=True):
        run = found[first:last]
        if not run:
            continue
        counts: dict[State, int] = {}
        for tile in run:
            counts = _plus(counts, tile.counts)
        at = replace(run[0].at, width=run[-1].at.x + run[-1].at.width - run[0].at.x, end=run[-1].at.end)
        yield Tile(at=at, grade=run[0].grade, counts=counts)


def _alike(one: Tile, other: Tile) -> bool:
    return one.grade == other.grade and one.at.end == other.at.start


def grade(counts: Mapping[State, int]) -> str:
    """How a bin looks: by the blocked share of the results that say something, never by the ones that do not.

    >>> grade({State.OK: 9, State.BLOCKED: 1}), grade({State.INSUFFICIENT: 5}), grade({State.DOWN: 2, State.OK: 1})
    ('some', 'insufficient', 'down')
    """
    share = _share(counts)
    if share is None:
        return "insufficient"
    if share >= _MUCH:
        return "much"
    if share:
        return "some" if share >= _SOME else "few"
    return "down" if counts.get(State.DOWN, 0) >= _MUCH * _telling(counts) else "ok"


def _share(counts: Mapping[State, int]) -> float | None:
    telling = _telling(counts)
    return counts.get(State.BLOCKED, 0) / telling if telling else None


def _telling(counts: Mapping[State, int]) -> int:
    return sum(counts.get(state, 0) for state in (State.OK, State.DOWN, State.BLOCKED))


def _counts(day: Day) -> dict[State, int]:
    return {State.OK: day.ok, State.DOWN: day.down, State.BLOCKED: day.blocked, State.INSUFFICIENT: day.insufficient}


def _plus(one: Mapping[State, int], other: Mapping[State, int]) -> dict[State, int]:
    return {state: one.get(state, 0) + other.get(state, 0) for state in State}


def _spans(events: Iterable[BlockingEvent], frame: Frame, by: str) -> dict[tuple[str, str], tuple[EventBar, ...]]:
    """Each event's part on each network; of rows by target the event itself."""
    found: dict[tuple[str, str], list[EventBar]] = defaultdict(list)
    for event in events:
        parts = (
            [(event.target, event)]
            if by == "target"
            else [(span.network, replace(event, onset=span.onset, end=span.end)) for span in event.spans]
        )
        for name, part in parts:
            if not event.retracted and (bar := bar_of(part, frame)) is not None:
                found[event.country, name].append(bar)
    return {key: tuple(bars) for key, bars in found.items()}

"""A heat map: one row per network (or target), one tile per day or longer, for stretches of months and years. Pure.

Shares of the width as in `timeline`; colours, heights and words belong to the template and the style sheet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

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
        telling = _telling(self.counts)
        return self.counts.get(State.BLOCKED, 0) / telling if telling else None


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
    bins: dict[date, _Bin] = {}
    for day in days:
        start = day.day if width == 1 else day.day - timedelta(days=(day.day - _ANCHOR).days % width)
        known = bins.get(start)
        if known is None:
            known = bins[start] = _Bin(start=start)
        known.add(day.ok, day.down, day.blocked, day.insufficient)
    whole = _Bin(start=_ANCHOR)
    for each in bins.values():
        whole.add(each.ok, each.down, each.blocked, each.insufficient)
    country, name = key
    return HeatRow(
        name=name,
        country=country,
        tiles=tuple(_tiles([bins[start] for start in sorted(bins)], frame, timedelta(days=width))),
        counts=whole.counts,
        days=len({day.day for day in days}),
        events=tuple(events),
    )


@dataclass(slots=True, kw_only=True)
class _Bin:
    """A sum that grows while days are read; a year of many networks has ten thousand of them."""

    start: date
    ok: int = 0
    down: int = 0
    blocked: int = 0
    insufficient: int = 0

    def add(self, ok: int, down: int, blocked: int, insufficient: int) -> None:
        """Count some more."""
        self.ok += ok
        self.down += down
        self.blocked += blocked
        self.insufficient += insufficient

    @property
    def counts(self) -> dict[State, int]:
        """By state."""
        return dict(zip(State, (self.ok, self.down, self.blocked, self.insufficient), strict=True))


def _tiles(bins: Sequence[_Bin], frame: Frame, width: timedelta) -> Iterator[Tile]:
    """Neighbours that look alike as one, which keeps years on a page small."""
    run: _Bin | None = None
    looks, ends = "", _ANCHOR
    for each in bins:
        look = _grade(each.ok, each.down, each.blocked, each.insufficient)
        if run is not None and look == looks and each.start == ends:
            run.add(each.ok, each.down, each.blocked, each.insufficient)
        else:
            yield from _tile(run, looks, ends, frame)
            run, looks = replace(each), look
        ends = each.start + width
    yield from _tile(run, looks, ends, frame)


def _tile(run: _Bin | None, looks: str, ends: date, frame: Frame) -> Iterator[Tile]:
    """What is visible of a run of bins; a run without a measurement is not drawn."""
    if run is None or not looks:
        return
    begins = datetime.combine(run.start, time(), UTC)
    at = frame.stretch(begins, min(datetime.combine(ends, time(), UTC), max(frame.now, begins)))
    if at is not None:
        yield Tile(at=at, grade=looks, counts=run.counts)


def grade(counts: Mapping[State, int]) -> str:
    """How a bin looks: by the blocked share of the results that say something, never by the ones that do not.

    >>> grade({State.OK: 9, State.BLOCKED: 1}), grade({State.INSUFFICIENT: 5}), grade({State.DOWN: 2, State.OK: 1})
    ('some', 'insufficient', 'down')
    """
    return _grade(*(counts.get(state, 0) for state in State))


def _grade(ok: int, down: int, blocked: int, insufficient: int) -> str:
    """As `grade`; empty where nothing was measured."""
    telling = ok + down + blocked
    if not telling:
        return "insufficient" if insufficient else ""
    share = blocked / telling
    if share >= _MUCH:
        return "much"
    if share:
        return "some" if share >= _SOME else "few"
    return "down" if down >= _MUCH * telling else "ok"


def _telling(counts: Mapping[State, int]) -> int:
    return sum(counts.get(state, 0) for state in (State.OK, State.DOWN, State.BLOCKED))


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

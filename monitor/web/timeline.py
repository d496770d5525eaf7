"""A target's timeline as a drawing: where each band, event, claim and tick stands, as shares of the width. Pure.

Everything is given in shares of the visible stretch, [0, 1], so that the drawing fits a phone and a wall without a
script; heights and colours belong to the template and the style sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from monitor.config.settings import Milestone
from monitor.model import BlockingEvent, Claim, State
from monitor.web.band import Band, Series

_STACK = (State.OK, State.INSUFFICIENT, State.DOWN, State.BLOCKED)
"""From the top of a mixed band to its bottom."""

_STEPS = tuple(
    timedelta(minutes=minutes)
    for minutes in (
        1,
        2,
        5,
        10,
        30,
        60,
        120,
        360,
        720,
        *(1440 * days for days in (1, 2, 7, 14, 28, 91, 182, 364, 1820)),
    )
)
_TICKS = 5
"""At most so many labels stand side by side on a phone."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the width."""

    x: float
    width: float
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One state's share of a band, from `top` over `height` of its lane."""

    at: Stretch
    state: State
    top: float
    height: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One series."""

    series: Series
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBar:
    """An event: surely blocked over `sure`, and the intervals in which it began and ended."""

    event: BlockingEvent
    onset: Stretch
    sure: Stretch
    end: Stretch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimBar:
    """A documented claim, with the number under which the table below the drawing lists it."""

    number: int
    claim: Claim
    at: Stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneMark:
    """A date of law, with the number under which the list below the drawing has it."""

    number: int
    milestone: Milestone
    x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The whole drawing."""

    since: datetime
    until: datetime
    lanes: tuple[Lane, ...]
    events: tuple[EventBar, ...]
    claims: tuple[ClaimBar, ...]
    milestones: tuple[MilestoneMark, ...]
    ticks: tuple[tuple[float, str], ...]


def timeline(
    since: datetime,
    until: datetime,
    *,
    bands: Iterable[Band],
    events: Iterable[BlockingEvent] = (),
    claims: Sequence[Claim] = (),
    milestones: Iterable[Milestone] = (),
    now: datetime,
) -> Timeline:
    """The drawing of `since` to `until`; what lies outside is left out, and nothing reaches beyond `now`."""
    frame = Frame(since=since, until=until, now=now)
    return Timeline(
        since=since,
        until=until,
        lanes=tuple(_lanes(bands, frame)),
        events=tuple(bar for event in events if (bar := bar_of(event, frame)) is not None),
        claims=tuple(
            ClaimBar(number=number, claim=claim, at=at)
            for number, claim in enumerate(claims, 1)
            if (at := frame.stretch(*claim.interval)) is not None
        ),
        milestones=tuple(
            MilestoneMark(number=number, milestone=each, x=frame.share(day))
            for number, each in enumerate(milestones, 1)
            if (day := _day(each)) and since <= day < until
        ),
        ticks=tuple(ticks(since, until)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The visible stretch of time, and the moment beyond which nothing is known."""

    since: datetime
    until: datetime
    now: datetime

    def share(self, moment: datetime) -> float:
        """Where a moment stands, as a share of the width."""
        return (moment - self.since) / (self.until - self.since)

    def stretch(self, start: datetime, end: datetime) -> Stretch | None:
        """The visible part, or None where nothing of it is visible."""
        first, last = max(start, self.since), min(end, self.until)
        if last < first:
            return None
        return Stretch(x=self.share(first), width=self.share(last) - self.share(first), start=start, end=end)


def _lanes(bands: Iterable[Band], frame: Frame) -> Iterator[Lane]:
    """Those that watch before the controls."""
    ordered = sorted(bands, key=lambda band: (band.series[0] == "control", band.series, band.start))
    for series, group in groupby(ordered, key=lambda band: band.series):
        blocks = tuple(block for band in group for block in _blocks(band, frame))
        if blocks:
            yield Lane(series=series, blocks=blocks)


def _blocks(band: Band, frame: Frame) -> Iterator[Block]:
    at = frame.stretch(band.start, min(band.end, max(frame.now, band.start)))
    total, top = sum(band.counts.values()), 0.0
    for state in _STACK:
        count = band.counts.get(state, 0)
        if at is not None and count:
            yield Block(at=at, state=state, top=top, height=count / total, count=count)
            top += count / total


def bar_of(event: BlockingEvent, frame: Frame) -> EventBar | None:
    """An event's bar, or None where nothing of it is visible.

    Where nothing was seen before the onset it may have begun at any time: its interval starts at the left edge.
    """
    earliest, latest = event.onset
    ends = event.end
    sure = frame.stretch(latest, frame.now if ends is None else max(latest, ends[0] or latest))
    onset = frame.stretch(earliest or min(frame.since, latest), latest)
    end = None if ends is None else frame.stretch(max(latest, ends[0] or latest), ends[1])
    visible = next((part for part in (sure, onset, end) if part is not None), None)
    if visible is None:
        return None
    nothing = Stretch(x=visible.x, width=0.0, start=latest, end=latest)
    return EventBar(event=event, onset=onset or nothing, sure=sure or nothing, end=end)


def _day(milestone: Milestone) -> datetime | None:
    """The first moment that the documented date can mean, near enough for a mark; None where it is no date."""
    text = milestone.date
    try:
        moment = datetime.fromisoformat({4: f"{text}-01-01", 7: f"{text}-01"}.get(len(text), text))
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def ticks(since: datetime, until: datetime) -> Iterator[tuple[float, str]]:
    """Round moments of a stretch with their labels, few enough to stand side by side on a phone."""
    length = until - since
    step = next((step for step in _STEPS if length / step <= _TICKS), _STEPS[-1])
    shape = "%Y-%m-%d" if step >= timedelta(days=1) else "%H:%M" if length <= timedelta(days=1) else "%m-%d %H:%M"
    first = _EPOCH + -(-(since - _EPOCH) // step) * step
    for number in range(length // step + 1):
        moment = first + number * step
        if moment < until:
            yield (moment - since) / length, moment.strftime(shape)

"""`/events/{id}/statistic`: why the detector raised the alarm, measurement by measurement, some hours around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from monitor.detect import Null, series_of
from monitor.detect.trace import Point, Trace, trace
from monitor.model import BlockingEvent
from monitor.pipeline import gather
from monitor.store import Store
from monitor.web import picture
from monitor.web.ground import Ground
from monitor.web.settings import PageSettings
from monitor.web.timeline import Frame, ticks
from probes.model import Role

WIDTH, HEIGHT = 1000, 140
"""The box of the lines, which the template stretches to the page's width."""
_BEFORE, _AFTER = timedelta(hours=6), timedelta(hours=6)
"""What is drawn around the first failure and the alarm."""
_LONGEST = timedelta(days=3)
"""Beyond, an alarm took so long that the page would read more than it shows; its beginning is drawn."""
_NETWORKS = 12
_MOVERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One network's statistic as a drawing: lines as `x,y` for a polyline, thresholds and marks as shares."""

    trace: Trace
    total: str
    recovery: str
    fails: tuple[float, ...]
    """Where a measurement failed."""
    alarms: tuple[float, ...]
    thresholds: tuple[tuple[float, float], ...]
    """(nats, share of the height from the top)."""
    movers: tuple[Point, ...]


def routes(ground: Ground) -> APIRouter:
    """The page; 404 where there is no such event, or for a visitor who may not see single measurements."""
    router = APIRouter(include_in_schema=False)

    @router.get("/events/{event_id:path}/statistic", response_class=HTMLResponse)
    def statistic(request: Request, event_id: str) -> HTMLResponse:
        known, settings = read(event_id, ground), ground.settings()
        event = known.event
        return ground.page(
            request,
            "statistic.html",
            event=event,
            name=next((each.name for each in settings.targets if each.id == event.target and each.name), event.target),
            forms=picture.forms(),
            **known.drawn(),
        )

    return router


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An event, the statistic of its networks, and the hours that are drawn."""

    event: BlockingEvent
    traces: tuple[Trace, ...]
    seen: Frame

    def drawn(self) -> dict[str, Any]:
        """The drawing's parts."""
        return {
            "curves": [curve(each, self.seen) for each in self.traces if each.points],
            "ticks": tuple(ticks(self.seen.since, self.seen.until)),
            "seen": self.seen,
            "simulated": self.event.simulated,
        }


def read(event_id: str, ground: Ground) -> Known:
    """An event's statistic; HTTP 404 where there is no such event, or for who may not see single measurements."""
    settings, now = ground.settings(), ground.clock()
    with ground.reader() as store:
        known = () if store is None or not ground.sees_all() else store.revisions(event_id)
        event = max(known, key=lambda revision: revision.revision, default=None)
        if store is None or event is None:
            raise HTTPException(404)
        since, until = stretch(event, now)
        traces = _traces(event, store, settings, since, until)
    return Known(event=event, traces=traces, seen=framed(traces, Frame(since=since, until=until, now=now)))


def stretch(event: BlockingEvent, now: datetime) -> tuple[datetime, datetime]:
    """The hours that are drawn: from before the first failure to after the last network's alarm, or to now."""
    last = max((span.alarm for span in event.spans), default=event.alarm)
    since = event.onset[1] - _BEFORE
    return since, min(last + _AFTER, max(now, event.alarm), since + _LONGEST)


def _traces(
    event: BlockingEvent, store: Store, settings: PageSettings, since: datetime, until: datetime
) -> tuple[Trace, ...]:
    """The statistic of each network of the event, over the target's results and those of sites that nobody blocks.

    The detector's own run reads the other targets as well, which moves the null hypothesis a little.
    """
    named = [event.target, *(each.id for each in settings.targets if each.innocuous)]
    cells = [cell for name in named for cell in gather(store, settings.walk, since=since, until=until, target=name)]
    everything = series_of(cells)
    null = Null.among(everything, settings.walk.detector)
    networks = {span.network for span in event.spans}
    chosen = [
        each
        for each in everything
        if each.role is Role.VANTAGE
        and (each.target, each.country) == (event.target, event.country)
        and each.network in networks
    ]
    return tuple(trace(each, null, settings.walk.detector) for each in chosen[:_NETWORKS])


def framed(traces: Iterable[Trace], frame: Frame) -> Frame:
    """The frame cut down to where there is a measurement, with a little room."""
    times = [point.time for each in traces for point in each.points]
    if not times:
        return frame
    room = max((max(times) - min(times)) / 40, timedelta(seconds=1))
    return replace(frame, since=max(frame.since, min(times) - room), until=min(frame.until, max(times) + room))


def curve(found: Trace, frame: Frame) -> Curve:
    """A trace as places in a box of `WIDTH` x `HEIGHT`; sums above twice the higher threshold are cut off there."""
    highest = max((point.total for point in found.points), default=0.0)
    top = min(max(found.alone, highest), 2 * found.alone) * 1.1
    shown = [point for point in found.points if frame.since <= point.time <= frame.until]
    return Curve(
        trace=found,
        total=_line(((point.time, point.total) for point in shown), frame, top),
        recovery=_line(((p.time, p.recovery) for p in shown if p.recovery is not None), frame, top),
        fails=tuple(sorted({round(frame.share(point.time), 3) for point in shown if point.failed})),
        alarms=tuple(frame.share(alarm) for _, alarm, _ in found.blocks if frame.since <= alarm <= frame.until),
        thresholds=tuple((nats, 1 - nats / top) for nats in (found.alarm, found.alone)),
        movers=_movers(shown),
    )


def _line(values: Iterable[tuple[datetime, float]], frame: Frame, top: float) -> str:
    return " ".join(
        f"{frame.share(time) * WIDTH:.1f},{HEIGHT * (1 - min(1.0, max(0.0, nats) / top)):.1f}"
        for time, nats in _steps(values)
    )


def _steps(values: Iterable[tuple[datetime, float]]) -> Iterator[tuple[datetime, float]]:
    """A sum keeps its height until the next measurement."""
    last: float | None = None
    for time, nats in values:
        if last is not None:
            yield time, last
        yield time, nats
        last = nats


def _movers(points: Sequence[Point]) -> tuple[Point, ...]:
    """Those that moved the sums most, in the order of time."""
    ranked = sorted(points, key=lambda point: (-abs(point.added), point.time))[:_MOVERS]
    return tuple(sorted(ranked, key=lambda point: (point.time, point.vantage)))

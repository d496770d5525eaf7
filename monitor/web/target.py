"""`/targets/{id}`: one target's timeline, events, documented claims and last measurements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from monitor.model import BlockingEvent, Cell, Outcome
from monitor.store import Store
from monitor.web.band import Band, bands
from monitor.web.ground import Ground
from monitor.web.timeline import timeline
from monitor.web.window import LENGTHS, Window, WindowError, window
from probes.model import Target

_LAST = 25
"""Measurements in the table below the timeline."""


def routes(ground: Ground) -> APIRouter:
    """The page of a target; 404 where neither the configuration nor the store knows it."""
    router = APIRouter(include_in_schema=False)

    @router.get("/targets/{target_id:path}", response_class=HTMLResponse)
    def target(request: Request, target_id: str) -> HTMLResponse:
        settings, now = ground.settings(), ground.clock()
        named = next((each for each in settings.targets if each.id == target_id), None)
        with ground.reader() as store:
            events = () if store is None else store.events(target=target_id)
            last = () if store is None else store.outcomes(target=target_id, newest_first=True, limit=_LAST)
            known = None if store is None else _known(store, target_id, last, events)
            if named is None and known is None:
                raise HTTPException(404)
            seen = _window(request, known, now)
            found = () if store is None else _bands(store, target_id, seen, ground)
            simulated = settings.simulated or (store is not None and store.simulated)
        claims = [claim for claim in settings.claims if claim.target == target_id]
        return ground.page(
            request,
            "target.html",
            now=now,
            target=named or Target(id=target_id, urls=tuple(sorted({row.url for row in last}))),
            events=events,
            last=last,
            claims=claims,
            milestones=settings.milestones,
            lengths=LENGTHS,
            carry=settings.fresh,
            seen=seen,
            timeline=timeline(
                seen.since,
                seen.until,
                bands=found,
                events=events,
                claims=claims,
                milestones=settings.milestones,
                now=now,
            ),
            simulated=simulated,
        )

    return router


def _window(request: Request, known: tuple[datetime, datetime] | None, now: datetime) -> Window:
    try:
        return window(request.query_params, known, now)
    except WindowError as fault:
        raise HTTPException(400) from fault


def _known(
    store: Store, target: str, last: Sequence[Outcome], events: Sequence[BlockingEvent]
) -> tuple[datetime, datetime] | None:
    """First and last thing that the store knows of a target; None where it knows nothing."""
    first = store.outcomes(target=target, limit=1)
    cells: Sequence[Cell] = store.cells(target=target)
    times = [*(row.time for row in (*first, *last[:1])), *(cell.start for cell in cells), *(cell.end for cell in cells)]
    times += [event.onset[1] for event in events]
    return (min(times), max(times)) if times else None


def _bands(store: Store, target: str, seen: Window, ground: Ground) -> tuple[Band, ...]:
    carry = ground.settings().fresh
    if seen.by_day:
        days = store.days(since=seen.since.date(), until=seen.until.date() + timedelta(days=1), target=target)
        return bands((), store.cells(since=seen.since, until=seen.until, target=target), days, carry=carry, by_day=True)
    since = seen.since - carry
    outcomes = store.outcomes(since=since, until=seen.until, target=target)
    cells = store.cells(since=since, until=seen.until, target=target)
    return bands(outcomes, cells, (), carry=carry, by_day=False)

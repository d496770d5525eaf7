"""`/targets/{id}`: one target's timeline, networks, events, documented claims and last measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from monitor.check import folded
from monitor.model import BlockingEvent, Cell, Claim, Day, Outcome, State
from monitor.store import Store
from monitor.web import picture
from monitor.web.band import Band, bands
from monitor.web.compare import days_of, standings
from monitor.web.ground import Ground
from monitor.web.heat import heat
from monitor.web.settings import PageSettings
from monitor.web.tempo import tempos
from monitor.web.timeline import Frame, timeline
from monitor.web.window import LENGTHS, Window, WindowError, window
from probes.model import Target

_LAST = 25
"""Measurements in the table below the timeline."""
_NEWEST = 400
"""Measurements among which the newest of each vantage point are looked for: 50 networks with several each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store knows of a target, as far as one stretch of time needs it."""

    named: Target | None
    seen: Window
    events: tuple[BlockingEvent, ...] = ()
    last: tuple[Outcome, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    """Single results, where the stretch is short enough to draw them."""
    bands: tuple[Band, ...] = ()
    days: tuple[Day, ...] = ()
    simulated: bool = False


def routes(ground: Ground) -> APIRouter:
    """The page of a target: 404 where neither the configuration nor the store knows it."""
    router = APIRouter(include_in_schema=False)

    @router.get("/targets/{target_id:path}", response_class=HTMLResponse)
    def target(request: Request, target_id: str) -> HTMLResponse:
        known, settings, now = read(request, target_id, ground), ground.settings(), ground.clock()
        found = _target(known, target_id)
        parts = drawn(known, ground, target_id)
        frame = Frame(since=known.seen.since, until=known.seen.until, now=now)
        return ground.page(
            request,
            "target.html",
            now=now,
            target=found,
            events=known.events,
            last=known.last[:_LAST],
            claims=_claims(settings, target_id),
            milestones=settings.milestones,
            lengths=LENGTHS,
            carry=settings.fresh,
            networks=standings(parts["counted"], known.last, now, settings.fresh),
            certificate=_certificate(known.last, now),
            mirrors=[(url, _watched(settings, url)) for url in found.mirrors],
            tempos=tempos(known.outcomes, frame, settings.fresh),
            forms=picture.forms(),
            simulated=known.simulated,
            **parts,
        )

    return router


def read(request: Request, target_id: str, ground: Ground) -> Known:
    """What is known of a target in the stretch that the address asks for; HTTP 404 where nobody knows it, 400 where
    the stretch is none."""
    settings, now = ground.settings(), ground.clock()
    named = next((each for each in settings.targets if each.id == target_id), None)
    with ground.reader() as store:
        if store is None:
            if named is None:
                raise HTTPException(404)
            return Known(named=named, seen=_window(request, None, now), simulated=settings.simulated)
        events = store.events(target=target_id)
        last = store.outcomes(target=target_id, newest_first=True, limit=_NEWEST)
        asked = _says_which(request)
        times = None if asked and named is not None else _times(store, target_id, last, events)
        if named is None and times is None:
            raise HTTPException(404)
        seen = _window(request, times, now)
        simulated = settings.simulated or store.simulated
        if seen.by_day:
            days = _days(store, target_id, seen)
            return Known(named=named, seen=seen, events=events, last=last, days=days, simulated=simulated)
        since = seen.since - settings.fresh
        outcomes = store.outcomes(since=since, until=seen.until, target=target_id)
        cells = store.cells(since=since, until=seen.until, target=target_id)
        return Known(
            named=named,
            seen=seen,
            events=events,
            last=last,
            outcomes=outcomes,
            bands=bands(outcomes, cells, carry=settings.fresh),
            days=(*days_of(outcomes), *folded(cells)),
            simulated=simulated,
        )


def drawn(known: Known, ground: Ground, target: str) -> dict[str, Any]:
    """The drawing's parts: a heat map for a long stretch, single results for a short one, and what stands above."""
    settings, now, seen = ground.settings(), ground.clock(), known.seen
    counted = heat(known.days, since=seen.since, until=seen.until, now=now, events=known.events)
    return {
        "seen": seen,
        "counted": counted,
        "heat": counted if seen.by_day else None,
        "timeline": timeline(
            seen.since,
            seen.until,
            bands=known.bands,
            events=known.events,
            claims=_claims(settings, target),
            milestones=settings.milestones,
            now=now,
        ),
    }


def _claims(settings: PageSettings, target: str) -> list[Claim]:
    return [claim for claim in settings.claims if claim.target == target]


def name_of(known: Known, target_id: str) -> str:
    """What a target is called."""
    target = _target(known, target_id)
    return target.name or target.id


def _target(known: Known, target_id: str) -> Target:
    return known.named or Target(id=target_id, urls=tuple(sorted({row.url for row in known.last})))


def _watched(settings: PageSettings, url: str) -> str | None:
    """The target that watches a mirror's address; None where nobody does, so that nothing is known of it."""
    return next((each.id for each in settings.targets if url in each.urls), None)


def _certificate(last: Sequence[Outcome], now: datetime) -> tuple[datetime, timedelta] | None:
    """When the newest certificate that was shown and believed ends, and in how long; None where none was seen."""
    shown = (row for row in last if row.certificate_expiry is not None and row.verdict.state is State.OK)
    ends = next((row.certificate_expiry for row in shown), None)
    return None if ends is None else (ends, ends - now)


def _says_which(request: Request) -> bool:
    """Whether the address names its stretch; then nobody has to look how far back the data reach."""
    return not {"since", "until"}.isdisjoint(request.query_params) or request.query_params.get("range") in LENGTHS


def _window(request: Request, known: tuple[datetime, datetime] | None, now: datetime) -> Window:
    try:
        return window(request.query_params, known, now)
    except WindowError as fault:
        raise HTTPException(400) from fault


def _times(
    store: Store, target: str, last: Sequence[Outcome], events: Sequence[BlockingEvent]
) -> tuple[datetime, datetime] | None:
    """First and last thing that the store knows of a target; None where it knows nothing."""
    first = store.outcomes(target=target, limit=1)
    cells: Sequence[Cell] = store.cells(target=target)
    times = [*(row.time for row in (*first, *last[:1])), *(cell.start for cell in cells), *(cell.end for cell in cells)]
    times += [event.onset[1] for event in events]
    return (min(times), max(times)) if times else None


def _days(store: Store, target: str, seen: Window) -> tuple[Day, ...]:
    days = store.days(since=seen.since.date(), until=seen.until.date() + timedelta(days=1), target=target)
    return (*days, *folded(store.cells(since=seen.since, until=seen.until, target=target)))

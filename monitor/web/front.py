"""`/`: what is open, and which state each target has at each vantage point now."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.model import BlockingEvent
from monitor.web.board import board
from monitor.web.facets import Facets
from monitor.web.ground import Ground

_ENDED = 10
"""Ended events that the front page shows, newest first."""


def routes(ground: Ground) -> APIRouter:
    """The front page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/", response_class=HTMLResponse)
    def front(request: Request) -> HTMLResponse:
        seen, settings, now = ground.look(), ground.settings(), ground.clock()
        whole, facets = board(seen, settings, now), Facets.of(request.query_params)
        table = facets.narrow(whole)
        events = facets.events(seen.events, settings.targets)
        ended = [event for event in events if event.end is not None]
        return ground.page(
            request,
            "front.html",
            now=now,
            board=table,
            names={target.id: target.name or target.id for target in settings.targets},
            facets=facets.choices(whole),
            open_events=[event for event in events if event.end is None],
            ended=sorted(ended, key=_end, reverse=True)[:_ENDED],
            silent=table.newest is not None and now - table.newest > settings.fresh,
            over_limit=ground.runtime.over_limit,
            empty=table.newest is None and not seen.events,
            simulated=seen.simulated or settings.simulated,
            refresh=0 if request.query_params.get("live") == "0" else settings.refresh,
        )

    return router


def _end(event: BlockingEvent) -> float:
    return 0.0 if event.end is None else event.end[1].timestamp()

"""`/events/{id}`: one blocking event, its intervals, and what it rests on."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from monitor.pipeline import experiments_of
from monitor.web.ground import Ground
from probes.model import Target

_WITNESSES = 100
"""Measurements that are listed one by one; the JSON names all."""


def routes(ground: Ground) -> APIRouter:
    """The page of an event; 404 where there is none of that id."""
    router = APIRouter(include_in_schema=False)

    @router.get("/events/{event_id:path}", response_class=HTMLResponse)
    def event(request: Request, event_id: str) -> HTMLResponse:
        with ground.reader() as store:
            revisions = () if store is None else store.revisions(event_id)
            found = max(revisions, key=lambda revision: revision.revision, default=None)
            experiments = () if store is None or found is None else experiments_of(found, store)
        if found is None:
            raise HTTPException(404)
        settings = ground.settings()
        target = next((each for each in settings.targets if each.id == found.target), Target(id=found.target, urls=()))
        return ground.page(
            request,
            "event.html",
            event=found,
            target=target,
            shown=found.witnesses[:_WITNESSES],
            experiments=experiments[:_WITNESSES],
            claims=[
                claim for claim in settings.claims if (claim.target, claim.country) == (found.target, found.country)
            ],
            simulated=found.simulated,
        )

    return router

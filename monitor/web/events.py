"""`/events`: every blocking event that is known, by the same reading, filters and cursor as the API's."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.model import Tier
from monitor.web.api.asked import Asked, understand
from monitor.web.api.resources.events import RESOURCE
from monitor.web.facets import Facet
from monitor.web.ground import Ground

_OURS = ("lang",)
"""Parameters that every page knows, and the API does not."""


def routes(ground: Ground) -> APIRouter:
    """The list; a filter that cannot be understood is a 400."""
    router = APIRouter(include_in_schema=False)

    @router.get("/events", response_class=HTMLResponse)
    def events(request: Request) -> HTMLResponse:
        query = [(name, text) for name, text in request.query_params.multi_items() if name not in _OURS and text]
        asked = understand(query, RESOURCE.parameters)
        rows = RESOURCE.read(asked, ground)
        settings = ground.settings()
        return ground.page(
            request,
            "events.html",
            events=rows.records,
            next=rows.next,
            asked=asked,
            facets=tuple(_facets(asked, ground)),
            names={target.id: target.name or target.id for target in settings.targets},
            simulated=rows.simulated,
        )

    return router


def _facets(asked: Asked, ground: Ground) -> Iterator[Facet]:
    """What there is to choose from in everything that is known, whatever is chosen now."""
    settings = ground.settings()
    with ground.reader() as store:
        known = () if store is None else store.events()
    found = {
        "country": sorted({event.country for event in known}),
        "network": sorted({network for event in known for network in event.networks}),
        "category": sorted({target.category for target in settings.targets if target.category}),
        "target": sorted({event.target for event in known}),
        "tier": [tier.value for tier in Tier],
        "open": ["true", "false"],
    }
    for name, choices in found.items():
        value = getattr(asked, name)
        chosen = "" if value is None else str(value).lower() if name == "open" else str(value)
        if chosen or len(choices) > 1:
            yield Facet(name=name, choices=tuple(choices), chosen=chosen)

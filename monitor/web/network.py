"""`/networks` and `/networks/{name}`: what one network shows of every target, now and over the last months."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from monitor.check import folded
from monitor.model import BlockingEvent, Day
from monitor.store import Store
from monitor.web.board import board
from monitor.web.facets import Facets
from monitor.web.ground import Ground
from monitor.web.heat import heat
from monitor.web.nets import nets
from monitor.web.timeline import timeline

_SPAN = timedelta(days=90)
_ROWS = 30
"""Targets that are drawn; the others stand in the table."""


def routes(ground: Ground) -> APIRouter:
    """The list of networks and the page of one; 404 where nothing is known of it."""
    router = APIRouter(include_in_schema=False)

    @router.get("/networks", response_class=HTMLResponse)
    def networks(request: Request) -> HTMLResponse:
        seen, now = ground.look(), ground.clock()
        found = tuple(nets(board(seen, ground.settings(), now)))
        open_events = [event for event in seen.events if event.end is None and not event.retracted]
        return ground.page(
            request,
            "networks.html",
            nets=found,
            open_of={net.network: sum(net.network in event.networks for event in open_events) for net in found},
            simulated=seen.simulated or ground.settings().simulated,
        )

    @router.get("/networks/{name:path}", response_class=HTMLResponse)
    def network(request: Request, name: str) -> HTMLResponse:
        seen, settings, now = ground.look(), ground.settings(), ground.clock()
        table = Facets(network=name).narrow(board(seen, settings, now))
        events = [event for event in seen.events if name in event.networks]
        since = now - _SPAN
        with ground.reader() as store:
            days = () if store is None else _days(store, name, [row.target.id for row in table.watched], events, since)
        points = [column for column in table.columns if column.network == name]
        if not (points or events or days):
            raise HTTPException(404)
        return ground.page(
            request,
            "network.html",
            now=now,
            network=name,
            board=table,
            points=points,
            events=events,
            names={target.id: target.name or target.id for target in settings.targets},
            heat=heat(days, since=since, until=now, now=now, events=events, by="target"),
            timeline=timeline(since, now, bands=(), milestones=settings.milestones, now=now),
            milestones=settings.milestones,
            simulated=seen.simulated or settings.simulated,
        )

    return router


def _days(
    store: Store, network: str, targets: list[str], events: list[BlockingEvent], since: datetime
) -> tuple[Day, ...]:
    """The network's counts of the targets that events speak of, and of others while there is room."""
    named = list(dict.fromkeys([*(event.target for event in events if event.target in targets), *targets]))[:_ROWS]
    found = (
        (*store.days(since=since.date(), target=target), *folded(store.cells(since=since, target=target)))
        for target in named
    )
    return tuple(day for days in found for day in days if day.network == network)

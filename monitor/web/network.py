"""`/networks` and `/networks/{name}`: what one network shows of every target, now and over the last months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from monitor.check import folded
from monitor.model import BlockingEvent, Day, VantageStatus
from monitor.store import Store
from monitor.web import picture
from monitor.web.board import Board, board
from monitor.web.facets import Facets
from monitor.web.ground import Ground
from monitor.web.heat import heat
from monitor.web.nets import nets
from monitor.web.timeline import timeline
from monitor.web.window import Window

_SPAN = timedelta(days=90)
_ROWS = 15
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
        known = read(name, ground, _SPAN)
        if known is None:
            raise HTTPException(404)
        settings = ground.settings()
        return ground.page(
            request,
            "network.html",
            network=name,
            board=known.table,
            points=known.points,
            events=known.events,
            milestones=settings.milestones,
            forms=picture.forms(),
            **drawn(known, ground),
        )

    return router


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a network."""

    table: Board
    points: tuple[VantageStatus, ...]
    events: tuple[BlockingEvent, ...]
    days: tuple[Day, ...]
    seen: Window
    simulated: bool


def read(name: str, ground: Ground, span: timedelta) -> Known | None:
    """What is known of a network now and in the last `span`; None where nothing is."""
    seen, settings, now = ground.look(), ground.settings(), ground.clock()
    table = Facets(network=name).narrow(board(seen, settings, now))
    events = tuple(event for event in seen.events if name in event.networks)
    since = now - span
    with ground.reader() as store:
        days = () if store is None else _days(store, name, [row.target.id for row in table.watched], events, since)
    points = tuple(column for column in table.columns if column.network == name)
    if not (points or events or days):
        return None
    simulated = seen.simulated or settings.simulated
    return Known(
        table=table, points=points, events=events, days=days, seen=Window(since=since, until=now), simulated=simulated
    )


def drawn(known: Known, ground: Ground) -> dict[str, Any]:
    """The drawing's parts: a row for each target, under the targets' names."""
    settings, now, seen = ground.settings(), ground.clock(), known.seen
    return {
        "seen": seen,
        "names": {target.id: target.name or target.id for target in settings.targets},
        "heat": heat(known.days, since=seen.since, until=seen.until, now=now, events=known.events, by="target"),
        "timeline": timeline(seen.since, seen.until, bands=(), milestones=settings.milestones, now=now),
        "simulated": known.simulated,
    }


def _days(
    store: Store, network: str, targets: Sequence[str], events: Sequence[BlockingEvent], since: datetime
) -> tuple[Day, ...]:
    """The network's counts of the targets that events speak of, and of others while there is room."""
    named = list(dict.fromkeys([*(event.target for event in events if event.target in targets), *targets]))[:_ROWS]
    found = (
        (*store.days(since=since.date(), target=target), *folded(store.cells(since=since, target=target)))
        for target in named
    )
    return tuple(day for days in found for day in days if day.network == network)

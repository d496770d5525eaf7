"""`…/timeline`, `…/speed` and `…/statistic`: drawings of targets, networks and events as SVG, PNG and CSV."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from monitor.web import network, picture, statistic, target
from monitor.web.ground import Ground
from monitor.web.tempo import tempos
from monitor.web.timeline import Frame


def routes(ground: Ground) -> APIRouter:
    """The files; 404 where there is no such target or network, or a form that cannot be made here."""
    router = APIRouter(include_in_schema=False)

    @router.get("/targets/{target_id:path}/timeline.{form}")
    def of_target(request: Request, target_id: str, form: str) -> Response:
        known = target.read(request, target_id, ground)

        def sheet() -> str:
            return picture.sheet_of_days(known.days) if known.seen.by_day else picture.sheet_of_bands(known.bands)

        def drawing() -> str:
            facts = {"caption": target.name_of(known, target_id), "simulated": known.simulated}
            return picture.svg(ground.language(request), **facts, **target.drawn(known, ground, target_id))

        return _file(form, target_id, ground, sheet, drawing)

    @router.get("/targets/{target_id:path}/speed.{form}")
    def speed(request: Request, target_id: str, form: str) -> Response:
        known = target.read(request, target_id, ground)
        frame = Frame(since=known.seen.since, until=known.seen.until, now=ground.clock())

        def drawing() -> str:
            return picture.svg(
                ground.language(request),
                caption=target.name_of(known, target_id),
                simulated=known.simulated,
                seen=known.seen,
                tempos=tempos(known.outcomes, frame, ground.settings().fresh),
            )

        return _file(form, target_id, ground, lambda: picture.sheet_of_speed(known.outcomes), drawing)

    @router.get("/networks/{name:path}/timeline.{form}")
    def of_network(request: Request, name: str, form: str) -> Response:
        known = network.read(name, ground, timedelta(days=90))
        if known is None:
            raise HTTPException(404)

        def drawing() -> str:
            return picture.svg(ground.language(request), caption=name, **network.drawn(known, ground))

        return _file(form, name, ground, lambda: picture.sheet_of_days(known.days), drawing)

    @router.get("/events/{event_id:path}/statistic.{form}")
    def of_event(request: Request, event_id: str, form: str) -> Response:
        known = statistic.read(event_id, ground)

        def drawing() -> str:
            return picture.svg(ground.language(request), caption=event_id, **known.drawn())

        return _file(form, event_id, ground, lambda: picture.sheet_of_statistic(known.traces), drawing)

    return router


def _file(form: str, name: str, ground: Ground, sheet: Callable[[], str], drawing: Callable[[], str]) -> Response:
    if form not in picture.forms():
        raise HTTPException(404)
    made = sheet() if form == "csv" else picture.png(drawing()) if form == "png" else drawing()
    return picture.taken(form, made, name, ground.clock())

"""`/measurements/{id}`: what happened, step by step, and the whole document to take away."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from monitor.model import Outcome
from monitor.store import Store
from monitor.web.ground import Ground
from monitor.web.waterfall import waterfall
from monitor.web.way import ways
from probes.model import Measurement, Role

_BESIDE = timedelta(minutes=30)
"""So far away in time a control is looked for; beyond, the site itself may have changed."""
_TRIED = 5
_ID = re.compile(r"[0-9A-Za-z_.:-]{1,128}", re.ASCII)


def routes(ground: Ground) -> APIRouter:
    """The page of a measurement, and its document; 404 where there is none of that id."""
    router = APIRouter(include_in_schema=False)

    @router.get("/measurements/{measurement_id}/document")
    def document(measurement_id: str) -> Response:
        with ground.reader() as store:
            found = None if store is None or not _ID.fullmatch(measurement_id) else store.document(measurement_id)
        if found is None:
            raise HTTPException(404)
        return Response(
            json.dumps(found, ensure_ascii=True, indent=2),
            media_type="application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{_file_name(measurement_id)}"'},
        )

    @router.get("/measurements/{measurement_id}", response_class=HTMLResponse)
    def measurement(request: Request, measurement_id: str) -> HTMLResponse:
        with ground.reader() as store:
            known = store is not None and _ID.fullmatch(measurement_id) is not None
            found = store.measurement(measurement_id) if store is not None and known else None
            outcome = _outcome(store, measurement_id, found) if store is not None and found is not None else None
            control = _control(store, found) if store is not None and found is not None else None
        if found is None:
            raise HTTPException(404)
        return ground.page(
            request,
            "measurement.html",
            id=measurement_id,
            measurement=found,
            outcome=outcome,
            ways=ways(found),
            rungs=waterfall(found, control and control[1]),
            control=control,
            simulated=found.vantage.simulated,
        )

    return router


def _outcome(store: Store, measurement_id: str, found: Measurement) -> Outcome | None:
    rows = store.outcomes(
        since=found.started,
        until=found.started + timedelta(microseconds=1),
        target=found.target,
        vantage=found.vantage.id,
    )
    return next((row for row in rows if row.measurement == measurement_id), None)


def _control(store: Store, found: Measurement) -> tuple[str, Measurement] | None:
    """Id and steps of the control's measurement of the same URL that is nearest in time; None where none is near."""
    if found.vantage.role is Role.CONTROL:
        return None
    rows = store.outcomes(
        since=found.started - _BESIDE,
        until=found.started + _BESIDE,
        target=found.target,
        url=found.url,
        role=Role.CONTROL,
    )
    nearest = sorted(rows, key=lambda row: (abs(row.time - found.started), row.measurement))
    for row in nearest[:_TRIED]:
        control = store.measurement(row.measurement)
        if control is not None and control.kind == found.kind:
            return row.measurement, control
    return None


def _file_name(measurement_id: str) -> str:
    """A name without anything that a header or a file system would read.

    >>> _file_name("sha256:ab/../c")
    'measurement-sha256abc.json'
    """
    return f"measurement-{re.sub(r'[^0-9A-Za-z]', '', measurement_id)[:16]}.json"

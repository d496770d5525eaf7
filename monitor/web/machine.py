"""What machines ask beside the API's resources: `/metrics`, `/healthz` and `/api/v1/state`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from monitor.metrics import Collector, Glance
from monitor.metrics.collector import CONTENT_TYPE
from monitor.store import StoreError
from monitor.web.api.answer import told
from monitor.web.board import Board, Row, board
from monitor.web.ground import Ground
from monitor.web.text import host_of
from probes.document import document


def routes(ground: Ground) -> APIRouter:
    """All of them; every time is RFC 3339 in UTC."""
    router = APIRouter()
    collector = Collector(
        lambda: _readable(ground),
        clock=ground.clock,
        runtime=ground.runtime,
        watched=lambda: ground.settings().targets,
        fresh=lambda: ground.settings().fresh,
    )

    @router.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(collector.exposition(), media_type=CONTENT_TYPE)

    @router.get("/healthz")
    def healthz() -> JSONResponse:
        """200 while the store can be read (an empty folder counts), else 503."""
        readable = _readable(ground) is not None
        return JSONResponse({"status": "ok" if readable else "store unreadable"}, 200 if readable else 503)

    @router.get("/api/v1/state")
    def state(request: Request) -> Response:
        """Vantage points, and every target's state at each of them now."""
        seen, settings, now = ground.look(), ground.settings(), ground.clock()
        table = board(seen, settings, now)
        facts = {
            "simulated": seen.simulated or settings.simulated,
            "vantage_points": table.columns,
            "targets": [_target(row) for row in _rows(table)],
        }
        return told(request, facts, ground.clock)

    return router


def _readable(ground: Ground) -> Glance | None:
    try:
        return ground.look(counted=True)
    except StoreError:
        return None


def _rows(table: Board) -> tuple[Row, ...]:
    return table.watched + table.innocuous


def _target(row: Row) -> dict[str, Any]:
    return {
        "id": row.target.id,
        "name": row.target.name,
        "hosts": sorted({host_of(url) for url in row.target.urls}),
        "innocuous": row.target.innocuous,
        "states": [
            {
                "vantage": square.vantage,
                "state": square.state,
                "since": document(square.entry.since) if square.entry else None,
                "time": document(square.entry.outcome.time) if square.entry else None,
                "technique": square.entry.outcome.verdict.technique if square.entry else None,
                "measurement": square.entry.outcome.measurement if square.entry else None,
            }
            for square in row.squares
        ],
    }

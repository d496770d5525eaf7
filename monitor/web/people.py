"""`/access`: for operators, who has access, which keys there are, and the last lines of the record."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from monitor.access import AccessError, Database, audit, keys, users
from monitor.web.ground import Ground

_LINES = 100
"""Of the record; `presscanary audit` prints all."""


def routes(ground: Ground, database: Database | None) -> APIRouter:
    """The page; it shows and changes nothing: that is done on the command line."""
    router = APIRouter(include_in_schema=False)

    @router.get("/access", response_class=HTMLResponse)
    def access(request: Request) -> HTMLResponse:
        if database is None:
            raise HTTPException(404)
        try:
            return ground.page(
                request,
                "access.html",
                users=users.users(database),
                keys=keys.keys(database),
                entries=audit.entries(database)[: -_LINES - 1 : -1],
                broken=audit.broken(database),
            )
        except AccessError as fault:
            raise HTTPException(503) from fault

    return router

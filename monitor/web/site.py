"""The application, put together once: pages, machines' answers, guards, and what is said when something fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from monitor.access import Database
from monitor.metrics import Runtime
from monitor.store import Store, StoreError
from monitor.web import (
    api,
    documented,
    event,
    events,
    files,
    front,
    live,
    machine,
    measurement,
    network,
    people,
    probing,
    received,
    signin,
    statistic,
    status,
    style,
    target,
    vantage,
)
from monitor.web.gate import Gate
from monitor.web.ground import Ground
from monitor.web.guard import HEADERS, guard
from monitor.web.settings import PageSettings, version
from probes.model import Clock
from probes.network import Network

_ROOMS = (
    front,
    files,  # before the pages whose addresses theirs begin with
    target,
    events,
    statistic,
    event,
    measurement,
    network,
    vantage,
    documented,
    machine,
    status,
    api,
)
_log = logging.getLogger(__name__)
_KNOWN = (400, 404, 405, 503)


def create_app(
    open_reader: Callable[[], Store],
    *,
    settings: Callable[[], PageSettings],
    clock: Clock,
    runtime: Runtime | None = None,
    folder: Path | None = None,
    stopping: asyncio.Event | None = None,
    outside: Callable[[PageSettings], Network] = probing.outside,
) -> FastAPI:
    """The web application, which reads the store and never writes to it.

    `open_reader` gives a store of its own to each request, which closes it (`open_store(folder, read_only=True)`);
    `settings` is asked anew by each request, so that a reloaded configuration shows at once. Users and keys are kept in
    `folder` (`monitor.access`); without one nobody can sign in. Streams end when `stopping` is set. `outside` is the
    network that `/probe` goes out by.
    """
    app = FastAPI(title="Press Canary", version=version(), docs_url=None, redoc_url=None, openapi_url=None)
    ground = Ground(open_reader, settings=settings, clock=clock, runtime=runtime or Runtime(version=version()))
    database = None if folder is None else Database(folder)
    for room in _ROOMS:
        app.include_router(room.routes(ground))
    for door in (signin, people):
        app.include_router(door.routes(ground, database))
    app.include_router(live.routes(ground, stopping))
    app.include_router(received.routes(None if folder is None else folder / "alerts" / "received"))
    app.include_router(probing.routes(ground, outside))
    app.include_router(style.routes())
    _excuse(app, ground)
    app.add_middleware(Gate, ground=ground, database=database)
    guard(app, settings().hosts)
    return app


def _excuse(app: FastAPI, ground: Ground) -> None:
    """Every fault as a friendly page, or as JSON under /api; none says more than the status itself."""

    async def answer(request: Request, fault: Exception) -> Response:
        status = _status(fault)
        if isinstance(fault, StoreError):
            _log.warning("the store could not be read: %s", fault)
        if request.url.path.startswith(("/api/", "/healthz", "/metrics", "/probe")):
            detail = str(fault) if isinstance(fault, api.QuestionError) else ""
            return api.problem(status, detail, HEADERS)
        response = ground.page(request, "fault.html", status=status, code=status)
        response.headers.update(HEADERS)  # a 500 is answered outside of the guard
        return response

    for kind in (HTTPException, RequestValidationError, api.QuestionError, StoreError, Exception):
        app.add_exception_handler(kind, answer)


def _status(fault: Exception) -> int:
    match fault:
        case HTTPException() if fault.status_code in _KNOWN:
            return fault.status_code
        case RequestValidationError() | api.QuestionError():
            return 400
        case StoreError():
            return 503
    return 500

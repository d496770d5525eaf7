"""`POST /api/v1/alertmanager`: what an Alertmanager reports, for whoever looks after the monitor.

Only an operator's key opens it, never a browser's session: a page elsewhere could make a browser post.
"""

from __future__ import annotations

import json
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from monitor.access import UserRole
from monitor.alert.received import LARGEST, PayloadError, take_in
from monitor.web.api.problem import problem
from monitor.web.visitor import VISITOR


def routes(folder: Path | None) -> APIRouter:
    """The one address; what comes is left in `folder`, where a running monitor looks."""
    router = APIRouter(include_in_schema=False)

    @router.post("/api/v1/alertmanager")
    async def received(request: Request) -> Response:
        visitor = VISITOR.get()
        if folder is None or not visitor.name.startswith("key:") or visitor.role < UserRole.OPERATOR:
            return problem(403, "This takes a key of an operator: presscanary key add NAME --role operator.")
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST:
                return problem(413, f"A payload has at most {LARGEST} bytes.")
        try:
            await run_in_threadpool(take_in, folder, json.loads(bytes(body)))
        except PayloadError as fault:
            return problem(400, str(fault))
        except (ValueError, RecursionError):
            return problem(400, "This is no JSON.")
        except OSError:
            return problem(503, "It could not be kept: send it again.")
        return Response(status_code=204)

    return router

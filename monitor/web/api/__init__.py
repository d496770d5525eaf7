"""API v1: what is known, for machines: JSON and CSV, filters, cursors, tags, problem documents, one OpenAPI document.

Every resource is one file in `resources/`, a table of columns from which rows, CSV and description are made. It reads
by the same functions as the pages, and so shows no visitor more than they do.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from monitor.web.api.answer import listed, told
from monitor.web.api.asked import understand
from monitor.web.api.describe import BASE, describe
from monitor.web.api.health import health
from monitor.web.api.problem import QuestionError, problem
from monitor.web.api.resource import One, Resource
from monitor.web.api.resources import all_resources
from monitor.web.ground import Ground

__all__ = ["BASE", "QuestionError", "problem", "routes"]


def routes(ground: Ground) -> APIRouter:
    """Every resource, `health`, and the description."""
    router = APIRouter(prefix=BASE)
    for resource in all_resources():
        _add_list(router, resource, ground)
        if resource.one is not None:
            for word, part in (resource.one.parts or {}).items():
                _add_one(router, f"/{resource.name}/{{id:path}}/{word}", part, ground)
            _add_one(router, f"/{resource.name}/{{id:path}}", resource.one, ground)

    @router.get("/health")
    def whole(request: Request) -> Response:
        understand(request.query_params.multi_items(), ())
        return told(request, health(ground), ground.clock)

    @router.get("/openapi.json")
    def description(request: Request) -> Any:
        return describe(all_resources())

    return router


def _add_list(router: APIRouter, resource: Resource, ground: Ground) -> None:
    @router.get(f"/{resource.name}", name=resource.name)
    def answer(request: Request) -> Response:
        asked = understand(request.query_params.multi_items(), resource.parameters)
        return listed(request, asked, resource, resource.read(asked, ground), ground.clock)


def _add_one(router: APIRouter, path: str, one: One, ground: Ground) -> None:
    @router.get(path, name=path)
    def answer(request: Request) -> Response:
        understand(request.query_params.multi_items(), ())
        found = one.read(request.path_params["id"], ground)
        if found is None:
            raise HTTPException(404)
        return told(request, found, ground.clock)

"""`/probe`: one probe on demand, for scrape configs that were written for blackbox_exporter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_network

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from starlette.responses import Response

from monitor.blackbox import Modules, exposition, limit_of, run, told
from monitor.blackbox import Request as Asked
from monitor.metrics.collector import CONTENT_TYPE
from monitor.web.ground import Ground
from monitor.web.settings import PageSettings
from probes.network import Network, SystemNetwork

_MODULE = "http_2xx"
"""What is meant where no module is named."""
_AT_ONCE = 32
"""Probes; whoever comes then waits, within the scrape's own time."""
_TIMEOUT = "X-Prometheus-Scrape-Timeout-Seconds"
_NONE = "There is no /probe here: name a blackbox.yml in targets.yaml (web: blackbox)."
_FOREIGN = "Another site's page asks for this probe; only Prometheus, or you yourself, may."


def outside(settings: PageSettings) -> Network:
    """This machine's network; private addresses only as far as the configuration allows them."""
    return SystemNetwork(allow=tuple(ip_network(each) for each in settings.blackbox_allow))


def routes(ground: Ground, network: Callable[[PageSettings], Network]) -> APIRouter:
    """The one page; its refusals are blackbox_exporter's, in status and words."""
    router = APIRouter()
    free = asyncio.Semaphore(_AT_ONCE)

    @router.get("/probe", include_in_schema=False)
    async def probe(request: Request) -> Response:
        settings = ground.settings()
        if settings.blackbox is None:
            return PlainTextResponse(_NONE, 404)
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return PlainTextResponse(_FOREIGN, 403)
        asked = _asked(request, settings.blackbox)
        if isinstance(asked, Response):
            return asked
        async with free:
            result = await run(asked, network(settings))
        if request.query_params.get("debug") == "true":
            return PlainTextResponse(told(result))
        return Response(exposition(result), media_type=CONTENT_TYPE)

    return router


def _asked(request: Request, modules: Modules) -> Asked | Response:
    """What is asked for, or why it cannot be; in blackbox_exporter's order."""
    query = request.query_params
    name = query.get("module") or _MODULE
    module = modules.get(name)
    if module is None:
        return PlainTextResponse(f'Unknown module "{name[:200]}"', 400)
    try:
        limit = limit_of(module, request.headers.get(_TIMEOUT))
    except ValueError:
        return PlainTextResponse(f"Failed to parse timeout from Prometheus header: {_TIMEOUT}", 500)
    target = query.get("target", "")
    if not target:
        return PlainTextResponse("Target parameter is missing", 400)
    if len(query.getlist("target")) > 1:
        return PlainTextResponse("Multiple target parameters are not accepted", 400)
    return Asked(target=target, name=name, module=module, hostname=query.get("hostname", ""), limit=limit)

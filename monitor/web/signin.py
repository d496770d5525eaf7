"""`/sign-in` and `/sign-out`: a name, a password and (where it is asked for) a code; a cookie comes of it."""

from __future__ import annotations

import secrets
from http.cookies import SimpleCookie

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitor.access import AccessError, Database, sessions, users
from monitor.web.form import expect, filled_in
from monitor.web.gate import COOKIE, cookie_name, session_cookie
from monitor.web.ground import Ground
from monitor.web.visitor import VISITOR

_FORM = "presscanary_form"
"""The cookie that ties a sign-in form to the browser that it was given to."""


def routes(ground: Ground, database: Database | None) -> APIRouter:
    """Both; 404 where there is no data folder to keep users in."""
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in", response_class=HTMLResponse)
    def sign_in_form(request: Request) -> Response:
        return _form(request, ground, status=200, onward=request.query_params.get("next", "/"))

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        fields = await filled_in(request)
        expect(fields.get("token", ""), _cookie(request, _FORM))
        known = database
        if known is None:
            raise HTTPException(404)
        now = ground.clock()
        name = fields.get("name", "").strip()

        def open_session() -> str | None:
            user = users.sign_in(known, name, fields.get("password", ""), fields.get("code", ""), now=now)
            return None if user is None else sessions.begin(known, user, now=now)

        try:
            secret = await run_in_threadpool(open_session)
        except AccessError as fault:
            raise HTTPException(503) from fault
        if secret is None:
            return _form(request, ground, status=403, onward=fields.get("next", "/"), wrong=True)
        response = RedirectResponse(_local(fields.get("next", "/")), 303)
        _keep(request, response, COOKIE, secret, int(sessions.LENGTH.total_seconds()), samesite="Lax")
        return response

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        fields = await filled_in(request)
        expect(fields.get("token", ""), VISITOR.get().form_token)
        if database is not None:
            await run_in_threadpool(sessions.end, database, session_cookie(request), now=ground.clock())
        response = RedirectResponse("/", 303)
        _keep(request, response, COOKIE, "", 0, samesite="Lax")
        return response

    return router


def _form(request: Request, ground: Ground, *, status: int, onward: str, wrong: bool = False) -> Response:
    token = secrets.token_urlsafe(32)
    response = ground.page(request, "sign-in.html", status=status, token=token, onward=_local(onward), wrong=wrong)
    _keep(request, response, _FORM, token, 3600, samesite="Strict")
    return response


def _local(path: str) -> str:
    """An address on this site; the front page for any other.

    >>> _local("/events/x"), _local("//evil.example/"), _local("https://evil.example/"), _local("/\\\\evil.example")
    ('/events/x', '/', '/', '/')
    """
    harmless = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if harmless and path.isascii() else "/"


def _keep(request: Request, response: Response, name: str, value: str, seconds: int, *, samesite: str) -> None:
    """Set a cookie that no script reads and, behind https, no plain page is given."""
    https = request.scope["scheme"] == "https"
    cookie: SimpleCookie = SimpleCookie()
    called = cookie_name(name, https=https)
    cookie[called] = value
    cookie[called].update({"path": "/", "httponly": True, "samesite": samesite, "max-age": seconds, "secure": https})
    response.headers.append("Set-Cookie", cookie[called].OutputString())


def _cookie(request: Request, name: str) -> str:
    return request.cookies.get(cookie_name(name, https=request.scope["scheme"] == "https"), "")

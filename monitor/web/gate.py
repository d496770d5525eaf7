"""The gate before every page: who asks, whether they may, and whether they ask too often."""

from __future__ import annotations

from http.cookies import SimpleCookie
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.access import ANONYMOUS, EVERYONE, AccessError, Database, UserRole, Visitor, keys, sessions
from monitor.web.api.problem import problem
from monitor.web.bucket import Buckets
from monitor.web.ground import Ground
from monitor.web.proxy import Origin, origin
from monitor.web.settings import PageSettings
from monitor.web.visitor import VISITOR, needed, scope_of

COOKIE = "presscanary_session"
SIGN_INS = 20
"""Attempts a minute from one client; each name has its own wait beside that (monitor.access.throttle)."""
_KEYED = {"WWW-Authenticate": 'Bearer realm="presscanary"'}


class Gate:
    """An ASGI application around the pages."""

    def __init__(self, app: ASGIApp, ground: Ground, database: Database | None) -> None:
        self._app = app
        self._ground = ground
        self._database = database
        self._buckets = Buckets()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through with its visitor known."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        settings = self._ground.settings()
        came = origin(request, settings.proxies)
        scope["scheme"] = "https" if came.https else "http"
        try:
            visitor = await self._visitor(request, settings, came)
        except AccessError:
            await problem(503, "Who may see this cannot be looked up now.")(scope, receive, send)
            return
        answer = self._too_often(request, visitor, settings, came) or _refusal(request, visitor)
        token = VISITOR.set(visitor or ANONYMOUS)
        try:
            await (answer or self._app)(scope, receive, send)
        finally:
            VISITOR.reset(token)

    async def _visitor(self, request: Request, settings: PageSettings, came: Origin) -> Visitor | None:
        """Who it is; None for a key that opens nothing."""
        nobody = EVERYONE if not settings.guarded else Visitor(role=settings.strangers)
        if self._database is None:
            return nobody
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return await run_in_threadpool(self._by_key, self._database, secret.strip())
        if cookie := session_cookie(request):
            found = await run_in_threadpool(self._by_session, self._database, cookie)
            if found is not None:
                return found
        if came.trusted and settings.user_header and (name := request.headers.get(settings.user_header)):
            return Visitor(role=UserRole.of(settings.user_role), name=name[:64])
        return nobody

    def _by_key(self, database: Database, secret: str) -> Visitor | None:
        key = keys.find(database, secret, now=self._ground.clock())
        if key is None:
            return None
        return Visitor(role=key.role, name=f"key:{key.name}", scopes=frozenset(key.scopes))

    def _by_session(self, database: Database, secret: str) -> Visitor | None:
        session = sessions.find(database, secret, now=self._ground.clock())
        if session is None:
            return None
        return Visitor(role=session.role, name=session.user, form_token=session.form_token)

    def _too_often(
        self, request: Request, visitor: Visitor | None, settings: PageSettings, came: Origin
    ) -> Response | None:
        path, now = request.url.path, self._ground.clock()
        if path.startswith("/api/"):
            name = visitor.name if visitor is not None and visitor.name else f"client:{came.client}"
            wait = self._buckets.take(name, settings.rate, now)
        elif path == "/sign-in" and request.method == "POST":
            wait = self._buckets.take(f"sign-in:{came.client}", SIGN_INS, now)
        else:
            return None
        return problem(429, f"Wait {wait} s, and ask less often.", {"Retry-After": str(wait)}) if wait else None


def _refusal(request: Request, visitor: Visitor | None) -> Response | None:
    """What is answered instead of the page; None where the visitor may see it."""
    path = request.url.path
    if visitor is None:
        return problem(401, "This key opens nothing: it is wrong, expired or revoked.", _KEYED)
    if visitor.name.startswith("key:") and (not (scope := scope_of(path)) or not _covers(visitor, scope)):
        return problem(403, "This key is not for that.")
    if visitor.role >= needed(path):
        return None
    machine = scope_of(path) is not None or request.method not in ("GET", "HEAD")
    if visitor.name:
        return problem(403, "This user may not see that.")
    if machine:
        return problem(401, "Sign in, or send a key: Authorization: Bearer KEY.", _KEYED)
    return RedirectResponse(f"/sign-in?next={quote(path)}", 303)


def _covers(visitor: Visitor, scope: str) -> bool:
    return not visitor.scopes or scope in visitor.scopes or scope == "openapi.json"


def session_cookie(request: Request) -> str:
    """The session's secret that a request brings; empty where it brings none."""
    name = cookie_name(COOKIE, https=request.scope["scheme"] == "https")
    found = SimpleCookie()
    for line in request.headers.getlist("cookie"):
        found.load(line)
    return found[name].value if name in found else ""


def cookie_name(name: str, *, https: bool) -> str:
    """Behind https a name that a browser takes from no other host and from no plain page (RFC 6265bis §4.1.3.2)."""
    return f"__Host-{name}" if https else name

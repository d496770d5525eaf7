"""Who stands behind the present request, and what which address asks of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from monitor.access import ANONYMOUS, UserRole, Visitor

VISITOR: ContextVar[Visitor] = ContextVar("visitor", default=ANONYMOUS)
"""Set by the gate for each request; whatever runs without one sees what the public sees."""

_OPEN = ("/style.css", "/favicon.svg", "/live.js", "/healthz", "/sign-in", "/sign-out", "/api/v1/openapi.json")
_PUBLIC = (
    "/",
    "/status",
    "/badge",
    "/live",
    "/targets",
    "/events",
    "/networks",
    "/check",
    "/api/v1/targets",
    "/api/v1/networks",
    "/api/v1/events",
    "/api/v1/claims",
    "/api/v1/series",
    "/api/v1/health",
)
_OPERATOR = ("/access", "/probe")


@contextmanager
def as_public() -> Iterator[None]:
    """Whatever is read in the block is what strangers may see, whoever asks."""
    token = VISITOR.set(Visitor(role=UserRole.PUBLIC))
    try:
        yield
    finally:
        VISITOR.reset(token)


def needed(path: str) -> UserRole:
    """The least role that may open an address; an address that nobody thought of is not for strangers.

    >>> [needed(path).word for path in ("/style.css", "/", "/events", "/measurements/x", "/access", "/eventsx")]
    ['nobody', 'public', 'public', 'viewer', 'operator', 'viewer']
    """
    if _under(path, _OPEN):
        return UserRole.NOBODY
    if _under(path, _OPERATOR):
        return UserRole.OPERATOR
    return UserRole.PUBLIC if _under(path, _PUBLIC) else UserRole.VIEWER


def _under(path: str, places: tuple[str, ...]) -> bool:
    """Whether an address is one of these or below one; the front page has nothing below it."""
    return any(path == place or (place != "/" and path.startswith(f"{place}/")) for place in places)


def scope_of(path: str) -> str | None:
    """The word by which a key may be for an address; None where keys do not open it.

    >>> scope_of("/api/v1/events/x"), scope_of("/metrics"), scope_of("/")
    ('events', 'metrics', None)
    """
    if path in ("/metrics", "/probe"):
        return path.removeprefix("/")
    return path.removeprefix("/api/v1/").partition("/")[0] if path.startswith("/api/v1/") else None

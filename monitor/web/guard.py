"""What stands before every page: headers that forbid strangers' scripts, frames and sniffing, and a check of the Host.

Captured titles, headers and certificates are written by whoever sits on the wire. They are shown as text only; if one
slipped through, the policy below would still let nothing run, load or be sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""Names that only this machine can be asked by; any other Host may be DNS rebinding from a page in the same browser."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def guard(app: FastAPI, hosts: Iterable[str]) -> None:
    """Put the checks before `app`; a host that listens on every interface has no name and adds none."""
    names = {*LOOPBACK, *(name for host in hosts for name in _names(host))}
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=sorted(names), www_redirect=False)
    app.add_middleware(_Headers)


class _Headers:
    """Adds the headers to every response, errors and refusals included, where it has not its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, sent)


def _names(host: str) -> tuple[str, ...]:
    """How a browser writes `host` in its request."""
    try:
        address = ip_address(host)
    except ValueError:
        return (host.lower(),) if host else ()
    if address.is_unspecified:
        return ()
    return (f"[{address}]" if address.version == 6 else str(address),)

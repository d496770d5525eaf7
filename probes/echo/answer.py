"""One HTTP request at the echo server, and its answer: what reached us, or the object whose speed is measured."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

import h11

from probes.echo.ends import End
from probes.echo.token import same

OBJECT_BYTES = 128 * 1024
"""Enough for a plateau: a policer's first burst is over after some 20 KiB (the "16 KB freeze"), slow start after 64."""
_SEED = 20_221_026
_JSON = "application/json"
_PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What came in at the server's end, as it is told to the client. Nobody's address is in it."""

    host: str
    path: str
    tls: bool
    sni: str | None
    alpn: str
    version: str
    received: int
    """Bytes of the connection, below TLS, that had come in before this answer …"""
    sent: int
    """… and gone out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request's head as far as it matters."""

    method: str
    host: str
    target: str
    bearer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Status, type and body."""

    status: int
    media_type: str
    body: bytes


@lru_cache(maxsize=1)
def fixed_object() -> bytes:
    """The same bytes on every server and in every version; they do not compress.

    >>> len(fixed_object()) >= 64 * 1024
    True
    """
    return random.Random(_SEED).randbytes(OBJECT_BYTES)  # noqa: S311 - the point is that everybody knows them


async def ask(end: End, most: int) -> Asked | None:
    """The request's head; None where none comes, or none that HTTP/1.1 allows within `most` bytes."""
    state = h11.Connection(h11.SERVER, max_incomplete_event_size=most)
    try:
        while (event := state.next_event()) is h11.NEED_DATA:
            state.receive_data(await end.read())
    except h11.RemoteProtocolError:
        return None
    return _asked(event) if isinstance(event, h11.Request) else None


def _asked(request: h11.Request) -> Asked:
    fields = {name: value.decode("latin-1") for name, value in request.headers}
    scheme, _, credential = fields.get(b"authorization", "").partition(" ")
    return Asked(
        method=request.method.decode("ascii"),
        host=fields.get(b"host", ""),
        target=request.target.decode("latin-1"),
        bearer=credential.strip() if scheme.lower() == "bearer" else "",
    )


def route(asked: Asked, token: str) -> str | None:
    """The path without the token; None where the token is in neither header nor path.

    >>> route(Asked(method="GET", host="a.kg", target="/not-a-real-one-7/object", bearer=""), "not-a-real-one-7")
    '/object'
    >>> route(Asked(method="GET", host="a.kg", target="/object", bearer=""), "not-a-real-one-7") is None
    True
    """
    path = asked.target.partition("?")[0]
    if asked.bearer:
        return path if same(asked.bearer, token) else None
    first, slash, rest = path.removeprefix("/").partition("/")
    return slash + rest if same(first, token) else None


def reply(asked: Asked, path: str | None, reached: Reached, *, limited: bool) -> Reply:
    """The answer to a request; without the token, the one of a server that has nothing at all."""
    if limited:
        return Reply(status=429, media_type=_PLAIN, body=b"Too many requests\n")
    if path is None or asked.method not in {"GET", "HEAD"}:
        return Reply(status=404, media_type=_PLAIN, body=b"Not found\n")
    if path == "/object":
        return Reply(status=200, media_type="application/octet-stream", body=fixed_object())
    return Reply(status=200, media_type=_JSON, body=json.dumps(asdict(reached)).encode())


def wire(answer: Reply, *, head_only: bool, now: datetime) -> bytes:
    """The answer's bytes; the connection ends after it."""
    fields = {
        "Date": format_datetime(now, usegmt=True),
        "Content-Type": answer.media_type,
        "Content-Length": str(len(answer.body)),
        "Cache-Control": "no-store",
        "Connection": "close",
    }
    reasons = {200: "OK", 404: "Not Found", 429: "Too Many Requests"}
    lines = [
        f"HTTP/1.1 {answer.status} {reasons[answer.status]}",
        *(f"{name}: {text}" for name, text in fields.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + (b"" if head_only else answer.body)

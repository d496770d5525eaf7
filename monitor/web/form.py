"""Forms: small, urlencoded, and only from a page of ours (CSRF)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from fastapi import HTTPException
from starlette.requests import Request

_LARGEST = 8192
"""Bytes: a name, a password and a code are less."""


async def filled_in(request: Request) -> Mapping[str, str]:
    """The fields of a form; HTTPException 400 where it is too large, of another type, or comes from another site."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise HTTPException(400)
    if not _is_ours(request):
        raise HTTPException(400)
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _LARGEST:
            raise HTTPException(400)
    try:
        return dict(parse_qsl(content.decode("ascii"), keep_blank_values=True, max_num_fields=16))
    except ValueError as fault:
        raise HTTPException(400) from fault


def expect(given: str, token: str) -> None:
    """HTTPException 400 where a form does not bring the token that its page was given."""
    if not token or not hmac.compare_digest(given.encode(errors="replace"), token.encode()):
        raise HTTPException(400)


def _is_ours(request: Request) -> bool:
    """Whether the browser says that the form stood on this site; where it says nothing the token decides.

    Under our own Referrer-Policy a browser calls the origin of a form `null`, that of this site as well.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin in (None, "null") or urlsplit(origin).netloc == request.headers.get("host")

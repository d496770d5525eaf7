"""The one style sheet, picture and script, served by ourselves under names that change with their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

_FOLDER = Path(__file__).parent / "static"
SHEET = (_FOLDER / "style.css").read_text(encoding="utf-8")
_STYLE = SHEET.encode()
_ICON = (_FOLDER / "favicon.svg").read_bytes()
_LIVE = (_FOLDER / "live.js").read_bytes()
_KEPT = {"Cache-Control": "public, max-age=86400"}

FILES = {"style.css": _STYLE, "favicon.svg": _ICON}
"""What a page that is written as a file needs beside it."""

STYLE_TAG = hashlib.sha256(_STYLE).hexdigest()[:12]
"""Stands in the style sheet's address, so that a browser never pairs a new page with an old sheet."""

SCRIPT_TAG = hashlib.sha256(_LIVE).hexdigest()[:12]
"""The same for the script."""


def routes() -> APIRouter:
    """`/style.css`, `/favicon.svg` and `/live.js`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/style.css")
    def style() -> Response:
        return Response(_STYLE, media_type="text/css", headers=_KEPT)

    @router.get("/favicon.svg")
    def icon() -> Response:
        return Response(_ICON, media_type="image/svg+xml", headers=_KEPT)

    @router.get("/live.js")
    def script() -> Response:
        return Response(_LIVE, media_type="text/javascript", headers=_KEPT)

    return router

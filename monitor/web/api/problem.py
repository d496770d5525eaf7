"""What the API says when it cannot answer: problem documents (RFC 9457), with what to do in `detail`."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi.responses import JSONResponse

CONTENT_TYPE = "application/problem+json"

_DETAILS: Mapping[int, str] = {
    404: "There is nothing of that name here; /api/v1/openapi.json lists what there is.",
    405: "This address is only read: use GET.",
    500: "That is a fault of this program; its log says more.",
    503: "The store cannot be read now; try again later.",
}


class QuestionError(ValueError):
    """A request that cannot be answered as it was asked; the message says what to change."""


def problem(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer with this status; without a detail, one that fits the status."""
    named = HTTPStatus(status).phrase
    said = {"type": "about:blank", "title": named, "status": status, "detail": detail or _DETAILS.get(status, named)}
    return JSONResponse(said, status, headers, media_type=CONTENT_TYPE)

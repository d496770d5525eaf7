"""What a collector says when it does not do what was asked: problem documents (RFC 9457) that repeat nothing."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse

from monitor.wire import WireError

_STATUS = {"malformed": 400, "signature": 401, "clock": 401, "too_large": 413}
"""Status of what can be wrong with something that came over the wire."""


class RefusalError(Exception):
    """A request that is refused; `code` is a word of docs/reference/agent-protocol.md, `more` goes into the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry_after: int | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.retry_after, self.more = retry_after, more or {}

    @classmethod
    def of(cls, fault: WireError) -> RefusalError:
        """The refusal for something that is not what it should be."""
        return cls(_STATUS[fault.code], fault.code, str(fault))

    @classmethod
    def busy(cls, status: int, seconds: int, detail: str) -> RefusalError:
        """Come again in so many seconds: 429 for one who asks too often, 503 where it is our fault."""
        return cls(status, "busy", detail, retry_after=seconds)

    def answer(self) -> JSONResponse:
        """The problem document."""
        said: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return JSONResponse(said | dict(self.more), self.status, headers, media_type="application/problem+json")

"""From rows to an answer: JSON or CSV, with a tag by which a client learns that nothing changed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from monitor.web.api.asked import Asked
from monitor.web.api.resource import Resource, Rows
from probes.document import document, rfc3339
from probes.model import Clock

KEPT = "private, no-cache"
"""A client may keep the answer, and asks each time whether it still holds."""
_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8; header=present"}


def listed(request: Request, asked: Asked, resource: Resource, rows: Rows, clock: Clock) -> Response:
    """A page of a list, with the address of the next one in a Link header (RFC 8288)."""
    headers = {} if rows.next is None else {"Link": f'<{_next(request, rows.next)}>; rel="next"'}
    table = [resource.row(record) for record in rows.records]
    if (asked.format or _wish(request)) == "csv":
        text = sheet(resource, table, simulated=rows.simulated)
        headers |= {"Content-Disposition": f'attachment; filename="{resource.name}.csv"'}
        return _tagged(request, text, text, "csv", headers)
    return told(request, {"simulated": rows.simulated, resource.key: table, "next": rows.next}, clock, headers)


def told(
    request: Request, facts: Mapping[str, Any], clock: Clock, headers: Mapping[str, str] | None = None
) -> Response:
    """Facts as JSON, with the time at which they were read; the tag is of the facts alone."""
    said = json.dumps(document(facts), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    text = f'{{"generated":"{rfc3339(clock())}",{said[1:]}'
    return _tagged(request, text, said, "json", headers or {})


def sheet(resource: Resource, table: list[dict[str, Any]], *, simulated: bool) -> str:
    """Rows as CSV (RFC 4180) with a line of names; each row says whether it is simulated."""
    labelled = any(column.name == "simulated" for column in resource.columns)
    heads = [head for column in resource.columns for head in column.heads]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(heads if labelled else [*heads, "simulated"])
    for row in table:
        cells = [cell for column in resource.columns for cell in column.cells(row[column.name])]
        writer.writerow(cells if labelled else [*cells, str(simulated).lower()])
    return file.getvalue()


def _tagged(request: Request, text: str, tagged: str, form: str, headers: Mapping[str, str]) -> Response:
    tag = f'W/"{hashlib.sha256(tagged.encode()).hexdigest()[:32]}"'
    common = {"ETag": tag, "Cache-Control": KEPT, "Vary": "Accept, Authorization, Cookie", **headers}
    if holds(request, tag):
        return Response(status_code=304, headers=common)
    return Response(text, media_type=_TYPES[form], headers=common)


def holds(request: Request, tag: str) -> bool:
    """Whether what the client kept is still right (RFC 9110 §13.1.2: compared weakly)."""
    kept = request.headers.get("if-none-match", "")
    return kept.strip() == "*" or tag.removeprefix("W/") in {
        part.strip().removeprefix("W/") for part in kept.split(",")
    }


def _wish(request: Request) -> str:
    accepted = request.headers.get("accept", "")
    return "csv" if "text/csv" in accepted and "json" not in accepted else "json"


def _next(request: Request, cursor: str) -> str:
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{request.url.path}?{urlencode([*query, ('cursor', cursor)], errors='replace')}"

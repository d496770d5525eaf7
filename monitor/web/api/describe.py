"""The OpenAPI document, made of the table of resources: nothing in it can differ from what is answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from monitor.web.api.asked import FILTERS
from monitor.web.api.health import SCHEMA as HEALTH
from monitor.web.api.problem import CONTENT_TYPE
from monitor.web.api.resource import One, Resource

BASE = "/api/v1"
VERSION = "1.0"
"""Of the API, not of the program: names stay, new ones may come; what goes or changes its meaning makes version 2."""

_FAULTS: Mapping[str, str] = {
    "400": "The request has a mistake; `detail` says which, and what was expected.",
    "401": "This needs a key (Authorization: Bearer) or a signed-in user.",
    "403": "This user or key may not see that.",
    "404": "There is nothing of that name.",
    "429": "Too many requests; Retry-After says how many seconds to wait.",
    "503": "The store cannot be read now.",
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do about it."},
    },
}
_COMMON: Mapping[str, Any] = {
    "generated": {"type": "string", "format": "date-time", "description": "When this was read."},
    "simulated": {"type": "boolean", "description": "true: this says nothing about any real site or network."},
}


def describe(resources: tuple[Resource, ...]) -> dict[str, Any]:
    """The whole document (OpenAPI 3.1)."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Press Canary",
            "version": VERSION,
            "summary": "Whether independent media can be reached, from which networks, since when, and what proves it.",
            "description": "Read only. Times are RFC 3339 in UTC. `insufficient` and absent data are never `ok`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(_paths(resources)),
        "components": {
            "schemas": {"Problem": _PROBLEM} | {_title(each): each.row_schema for each in resources},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "presscanary key add"},
                "session": {"type": "apiKey", "in": "cookie", "name": "presscanary_session"},
            },
        },
        "security": [{}, {"key": []}, {"session": []}],
    }


def _paths(resources: tuple[Resource, ...]) -> Iterator[tuple[str, Any]]:
    for resource in resources:
        yield f"{BASE}/{resource.name}", {"get": _list(resource)}
        if resource.one is not None:
            yield from _single(f"{BASE}/{resource.name}/{{id}}", resource.name, resource.one)
    yield f"{BASE}/health", {"get": _told("health", "Whether the program can be relied on now.", HEALTH)}
    yield f"{BASE}/state", {"get": _told("state", "Every target at every vantage point now, in one answer.", _STATE)}


_STATE: Mapping[str, Any] = {
    "vantage_points": {"type": "array", "items": {"type": "object"}, "description": "As in /vantage-points."},
    "targets": {
        "type": "array",
        "items": {"type": "object"},
        "description": "id, name, hosts, innocuous, and states: one per vantage point, with state, since, time, "
        "technique and measurement.",
    },
}


def _single(path: str, name: str, one: One) -> Iterator[tuple[str, Any]]:
    place = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    said = _told(f"{name}.one", one.what, one.schema)
    yield path, {"get": said | {"parameters": [place]}}
    for word, part in (one.parts or {}).items():
        said = _told(f"{name}.{word}", part.what, part.schema)
        yield f"{path}/{word}", {"get": said | {"parameters": [place]}}


def _list(resource: Resource) -> dict[str, Any]:
    rows = {"type": "array", "items": {"$ref": f"#/components/schemas/{_title(resource)}"}}
    following = {"type": ["string", "null"], "description": "The cursor of what follows; null at the end."}
    body = _object({resource.key: rows, "next": following})
    content = {"application/json": {"schema": body}, "text/csv": {"schema": {"type": "string"}}}
    return {
        "operationId": resource.name,
        "summary": resource.what,
        "parameters": [_parameter(name) for name in resource.parameters],
        "responses": _responses(content),
    }


def _told(name: str, what: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": _object(properties)}}
    return {"operationId": name, "summary": what, "responses": _responses(content)}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    whole = dict(_COMMON) | dict(properties)
    return {"type": "object", "required": list(whole), "properties": whole}


def _parameter(name: str) -> dict[str, Any]:
    known = FILTERS[name]
    return {"name": name, "in": "query", "required": False, "description": known.what, "schema": dict(known.schema)}


def _responses(content: Mapping[str, Any]) -> dict[str, Any]:
    tag = {"ETag": {"schema": {"type": "string"}, "description": "Send it back as If-None-Match."}}
    fault = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    good = {"200": {"description": "What was asked for.", "headers": tag, "content": dict(content)}}
    kept = {"304": {"description": "What the client keeps is still right."}}
    return good | kept | {code: {"description": what, "content": fault} for code, what in _FAULTS.items()}


def _title(resource: Resource) -> str:
    return "".join(word.capitalize() for word in resource.name.split("-"))

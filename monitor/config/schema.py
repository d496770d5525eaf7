"""The JSON Schema of the file, for editors: completion, descriptions and red lines while typing."""

from __future__ import annotations

from typing import Any

from monitor.config.shape import File

_MAY_BE_EMPTY = ("resolvers", "schedule", "experiments", "limits", "detection", "alerts", "store", "web", "collector")


def json_schema() -> dict[str, Any]:
    """The shape of targets.yaml as JSON Schema 2020-12; what must agree between its parts is for `check-config`."""
    made = _tidy(File.model_json_schema())
    for name in _MAY_BE_EMPTY:
        part = made["properties"][name]
        made["properties"][name] = {"anyOf": [{"$ref": part.pop("$ref")}, {"type": "null"}], **part}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "targets.yaml"}


def _tidy(part: Any, named: bool = False) -> Any:
    """Without pydantic's titles, and without defaults that are not written in the file as they are held in memory.

    >>> _tidy({"properties": {"title": {"title": "Title", "default": None, "type": "string"}}})
    {'properties': {'title': {'type': 'string'}}}
    """
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = part if named else {key: value for key, value in part.items() if not _noise(key, value)}
    return {key: _tidy(value, named=key in ("properties", "$defs")) for key, value in kept.items()}


def _noise(key: str, value: Any) -> bool:
    internal = value is None or isinstance(value, dict | list) or str(value).startswith("PT")
    return key == "title" or (key == "default" and internal)

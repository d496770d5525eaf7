"""Records as JSON documents and back: the one form in which measurements are stored, hashed and shown.

Bytes become {"base64": …}, datetimes RFC 3339 in UTC, tuples lists, and a step carries its `type`. The id of a
measurement is the hash of its document, so the same facts always have the same id.
"""

from __future__ import annotations

import base64
import hashlib
import json
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, TypeAlias

from probes.model import Measurement
from probes.reader import STEPS, DocumentError, moment, reader

__all__ = [
    "DocumentError",
    "canonical",
    "document",
    "measurement_from",
    "measurement_id",
    "moment",
    "record_from",
    "rfc3339",
]


def rfc3339(moment: datetime) -> str:
    """An aware datetime as RFC 3339 in UTC; a whole second has no fraction.

    >>> rfc3339(datetime(2023, 9, 12, 3, 4, 5, tzinfo=UTC))
    '2023-09-12T03:04:05Z'
    >>> rfc3339(datetime(2023, 9, 12, 3, 4, 5, 1500, tzinfo=UTC))
    '2023-09-12T03:04:05.001500Z'
    """
    digits = "microseconds" if moment.microsecond else "seconds"
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=digits)}Z"


def document(value: Any) -> Any:
    """`value` (a record, or anything made of records) as plain JSON types; TypeError for what has no such form.

    >>> document({"at": datetime(2024, 1, 1, tzinfo=UTC), "raw": b"\\x00", "list": (1, None)})
    {'at': '2024-01-01T00:00:00Z', 'raw': {'base64': 'AA=='}, 'list': [1, None]}
    """
    if type(value) in _PLAIN:  # most values by far
        return value
    if (shape := _SHAPES.get(type(value))) is not None:
        return _record(value, shape)
    match value:
        case Enum():
            return value.value
        case int() | float() | str():
            return value
        case bytes():
            return {"base64": base64.b64encode(value).decode()}
        case datetime():
            return rfc3339(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): document(item) for key, item in value.items()}
        case tuple() | list() | frozenset() | set():
            return [document(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        shape = _SHAPES[type(value)] = _shape(type(value))
        return _record(value, shape)
    raise TypeError(f"no JSON form for {type(value).__name__}")


_PLAIN = frozenset({type(None), bool, int, float, str})
_Shape: TypeAlias = tuple[Mapping[str, str], tuple[tuple[str, Any], ...]]
"""What every document of a record begins with, and its fields; with each the value that says nothing."""
_SHAPES: dict[type[Any], _Shape] = {}
_NONE = object()


def _shape(kind: type[Any]) -> _Shape:
    """A field that came later (`probes.model`) and says nothing is omitted: without it old documents keep their ids."""
    begin = {"type": kind.__name__} if kind.__name__ in STEPS else {}
    return begin, tuple(
        (field.name, field.default if field.metadata.get("omitted") == "default" else _NONE) for field in fields(kind)
    )


def _record(value: Any, shape: _Shape) -> dict[str, Any]:
    begin, names = shape
    made: dict[str, Any] = dict(begin)
    for name, nothing in names:
        item = getattr(value, name)
        if nothing is _NONE or item != nothing:
            made[name] = item if type(item) in _PLAIN else document(item)
    return made


def canonical(value: Any) -> bytes:
    """A document as the bytes that are hashed: UTF-8 JSON, keys sorted, no spaces.

    >>> canonical({"b": 1, "a": "ы"})
    b'{"a":"\\xd1\\x8b","b":1}'
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode(
        errors="surrogatepass"
    )


def measurement_id(measurement: Measurement) -> str:
    """32 hex digits (128 bits of SHA-256 over the canonical document): the same facts give the same id."""
    return hashlib.sha256(canonical(document(measurement))).hexdigest()[:32]


def measurement_from(raw: Any) -> Measurement:
    """The measurement that a document describes; DocumentError names the place where it does not fit."""
    made = reader(Measurement)(raw, None)
    assert isinstance(made, Measurement)
    return made


def record_from(kind: type[Any], raw: Any) -> Any:
    """The record of type `kind` that a document describes; DocumentError names the place where it does not fit."""
    return reader(typing.cast("Any", kind))(raw, None)

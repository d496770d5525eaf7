"""Records as JSON documents and back: the one form in which measurements are stored, hashed and shown.

Bytes become {"base64": …}, datetimes RFC 3339 in UTC, tuples lists, and a step carries its `type`. The id of a
measurement is the hash of its document, so the same facts always have the same id.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeAlias

from probes.model import (
    DNSLookup,
    DNSSECValidation,
    HTTPRoundTrip,
    Measurement,
    QUICHandshake,
    Screened,
    Step,
    TCPConnect,
    TLSHandshake,
    TTLTrial,
)

_STEPS: Mapping[str, type[Step]] = {
    kind.__name__: kind
    for kind in (
        DNSLookup,
        Screened,
        TCPConnect,
        TLSHandshake,
        HTTPRoundTrip,
        TTLTrial,
        QUICHandshake,
        DNSSECValidation,
    )
}


class DocumentError(ValueError):
    """A document that is not what it should be; the message names the place in it."""


def rfc3339(moment: datetime) -> str:
    """An aware datetime as RFC 3339 in UTC; a whole second has no fraction.

    >>> rfc3339(datetime(2023, 9, 12, 3, 4, 5, tzinfo=UTC))
    '2023-09-12T03:04:05Z'
    >>> rfc3339(datetime(2023, 9, 12, 3, 4, 5, 1500, tzinfo=UTC))
    '2023-09-12T03:04:05.001500Z'
    """
    digits = "microseconds" if moment.microsecond else "seconds"
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=digits)}Z"


def moment(text: str) -> datetime:
    """An aware UTC datetime from RFC 3339 text; ValueError where the text is no time or has no zone.

    >>> moment("2023-09-12T09:00:00+06:00").isoformat()
    '2023-09-12T03:00:00+00:00'
    """
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return parsed.astimezone(UTC)


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
    begin = {"type": kind.__name__} if kind.__name__ in _STEPS else {}
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
    made = _read(Measurement, raw, "$")
    assert isinstance(made, Measurement)
    return made


def record_from(kind: type[Any], raw: Any) -> Any:
    """The record of type `kind` that a document describes; DocumentError names the place where it does not fit."""
    return _read(kind, raw, "$")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read(kind: Any, raw: Any, place: str) -> Any:
    origin = typing.get_origin(kind)
    if kind is Any:
        return raw
    if origin in (types.UnionType, typing.Union):
        return _read_union(typing.get_args(kind), raw, place)
    if origin is tuple:
        return _read_tuple(typing.get_args(kind), raw, place)
    if origin is not None and issubclass(origin, Mapping):
        _expect(isinstance(raw, dict), place, "an object", raw)
        key_kind, item_kind = typing.get_args(kind)
        return {_read(key_kind, key, place): _read(item_kind, item, f"{place}.{key}") for key, item in raw.items()}
    if is_dataclass(kind):
        return _read_record(typing.cast("type", kind), raw, place)
    return _read_plain(kind, raw, place)


def _read_union(kinds: tuple[Any, ...], raw: Any, place: str) -> Any:
    if raw is None and type(None) in kinds:
        return None
    if isinstance(raw, dict) and raw.get("type") in _STEPS and _STEPS[raw["type"]] in kinds:
        return _read_record(_STEPS[raw["type"]], {key: item for key, item in raw.items() if key != "type"}, place)
    remaining = [kind for kind in kinds if kind is not type(None)]
    names = ", ".join(getattr(kind, "__name__", str(kind)) for kind in kinds)
    _expect(len(remaining) == 1, place, f"one of {names}", raw)
    return _read(remaining[0], raw, place)


def _read_tuple(kinds: tuple[Any, ...], raw: Any, place: str) -> tuple[Any, ...]:
    _expect(isinstance(raw, list), place, "a list", raw)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(kinds[0], item, f"{place}[{index}]") for index, item in enumerate(raw))
    _expect(len(raw) == len(kinds), place, f"a list of {len(kinds)}", raw)
    pairs = enumerate(zip(kinds, raw, strict=True))
    return tuple(_read(kind, item, f"{place}[{index}]") for index, (kind, item) in pairs)


def _read_record(kind: type, raw: Any, place: str) -> Any:
    _expect(isinstance(raw, dict), place, "an object", raw)
    hints = _hints(kind)
    known = {field.name: field for field in fields(kind)}
    renamed = {field.metadata["formerly"]: name for name, field in known.items() if "formerly" in field.metadata}
    raw = {renamed.get(name, name): item for name, item in raw.items()}
    unknown = sorted(raw.keys() - known.keys())
    _expect(not unknown, place, f"no key {', '.join(map(repr, unknown))}", raw)
    required = {name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING}
    missing = sorted(required - raw.keys())
    _expect(not missing, place, f"the key {', '.join(map(repr, missing))}", raw)
    return kind(**{name: _read(hints[name], item, f"{place}.{name}") for name, item in raw.items()})


def _read_plain(kind: Any, raw: Any, place: str) -> Any:
    if kind is Any:
        return raw
    try:
        if kind is bytes:
            return base64.b64decode(raw["base64"], validate=True)
        if kind is datetime:
            return moment(raw)
        if kind is date:
            return date.fromisoformat(raw)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return kind(raw)
    except (KeyError, TypeError, ValueError, binascii.Error) as fault:
        raise DocumentError(f"{place}: expected {kind.__name__}, found {str(raw)[:60]!r}") from fault
    if kind is float:
        kind = (int, float)
    _expect(isinstance(raw, kind) and not (isinstance(raw, bool) and kind is not bool), place, str(kind), raw)
    return raw


def _expect(condition: bool, place: str, expected: str, found: Any) -> None:
    if not condition:
        raise DocumentError(f"{place}: expected {expected}, found {str(found)[:60]!r}")

"""From JSON documents to records: how a value of each type is read, put together once for each type.

A document that does not fit is a DocumentError that names the place; names of places are made only then.
"""

from __future__ import annotations

import base64
import binascii
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeAlias

from probes.model import (
    DNSLookup,
    DNSSECValidation,
    HTTPRoundTrip,
    QUICHandshake,
    Screened,
    Step,
    TCPConnect,
    TLSHandshake,
    TTLTrial,
)

STEPS: Mapping[str, type[Step]] = {
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


def moment(text: str) -> datetime:
    """An aware UTC datetime from RFC 3339 text; ValueError where the text is no time or has no zone.

    >>> moment("2023-09-12T09:00:00+06:00").isoformat()
    '2023-09-12T03:00:00+00:00'
    """
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return parsed.astimezone(UTC)


Place: TypeAlias = "tuple[Place, str | int] | None"
"""Where in a document: the place around, and the name or number there; None is the document itself."""
Reader: TypeAlias = Callable[[Any, Place], Any]


@cache
def reader(kind: Any) -> Reader:
    """How a value of a type is read, put together once for each type."""
    origin = typing.get_origin(kind)
    if kind is Any:
        return lambda raw, _: raw
    if origin in (types.UnionType, typing.Union):
        return _union_reader(typing.get_args(kind))
    if origin is tuple:
        return _tuple_reader(typing.get_args(kind))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_reader(*typing.get_args(kind))
    if is_dataclass(kind):
        return _record_reader(typing.cast("type", kind))
    return _plain_reader(kind)


def _union_reader(kinds: tuple[Any, ...]) -> Reader:
    remaining = [kind for kind in kinds if kind is not type(None)]
    steps = {name: reader(typing.cast("Any", kind)) for name, kind in STEPS.items() if kind in kinds}
    names = ", ".join(getattr(kind, "__name__", str(kind)) for kind in kinds)
    alone = reader(remaining[0]) if len(remaining) == 1 else None
    optional = len(remaining) < len(kinds)

    def read(raw: Any, place: Place) -> Any:
        if raw is None and optional:
            return None
        if steps and isinstance(raw, dict) and isinstance(name := raw.get("type"), str) and name in steps:
            return steps[name]({key: item for key, item in raw.items() if key != "type"}, place)
        if alone is None:
            raise _unlike(place, f"one of {names}", raw)
        return alone(raw, place)

    return read


def _tuple_reader(kinds: tuple[Any, ...]) -> Reader:
    readers = tuple(reader(kind) for kind in kinds if kind is not Ellipsis)
    (each, *_), endless = readers, len(kinds) == 2 and kinds[1] is Ellipsis

    def read(raw: Any, place: Place) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            raise _unlike(place, "a list", raw)
        if endless:
            return tuple([each(item, (place, index)) for index, item in enumerate(raw)])
        if len(raw) != len(readers):
            raise _unlike(place, f"a list of {len(readers)}", raw)
        return tuple([readers[index](item, (place, index)) for index, item in enumerate(raw)])

    return read


def _mapping_reader(key_kind: Any, item_kind: Any) -> Reader:
    read_key, read_item = reader(key_kind), reader(item_kind)

    def read(raw: Any, place: Place) -> dict[Any, Any]:
        if not isinstance(raw, dict):
            raise _unlike(place, "an object", raw)
        return {read_key(key, place): read_item(item, (place, key)) for key, item in raw.items()}

    return read


def _record_reader(kind: type) -> Reader:
    hints = typing.get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    readers = {name: reader(hints[name]) for name in known}
    renamed = {field.metadata["formerly"]: name for name, field in known.items() if "formerly" in field.metadata}
    required = {name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING}

    def read(raw: Any, place: Place) -> Any:
        if not isinstance(raw, dict):
            raise _unlike(place, "an object", raw)
        if renamed:
            raw = {renamed.get(name, name): item for name, item in raw.items()}
        if unknown := sorted(raw.keys() - known.keys()):
            raise _unlike(place, f"no key {', '.join(map(repr, unknown))}", raw)
        if missing := sorted(required - raw.keys()):
            raise _unlike(place, f"the key {', '.join(map(repr, missing))}", raw)
        return kind(**{name: readers[name](item, (place, name)) for name, item in raw.items()})

    return read


def _plain_reader(kind: Any) -> Reader:
    if kind is bytes or kind is datetime or kind is date or (isinstance(kind, type) and issubclass(kind, Enum)):
        return _made_reader(kind)
    wanted: Any = (int, float) if kind is float else kind
    no_bool = kind is not bool

    def read(raw: Any, place: Place) -> Any:
        if not isinstance(raw, wanted) or (no_bool and isinstance(raw, bool)):
            raise _unlike(place, str(wanted), raw)
        return raw

    return read


def _made_reader(kind: type) -> Reader:
    """For values that are made of the text (or object) that stands for them."""
    make: Callable[[Any], Any] = (
        (lambda raw: base64.b64decode(raw["base64"], validate=True))
        if kind is bytes
        else moment
        if kind is datetime
        else date.fromisoformat
        if kind is date
        else kind
    )

    def read(raw: Any, place: Place) -> Any:
        try:
            return make(raw)
        except (KeyError, TypeError, ValueError, binascii.Error) as fault:
            raise DocumentError(f"{_named(place)}: expected {kind.__name__}, found {str(raw)[:60]!r}") from fault

    return read


def _unlike(place: Place, expected: str, found: Any) -> DocumentError:
    return DocumentError(f"{_named(place)}: expected {expected}, found {str(found)[:60]!r}")


def _named(place: Place) -> str:
    """The place as it is written.

    >>> _named(((None, "steps"), 2))
    '$.steps[2]'
    """
    if place is None:
        return "$"
    around, key = place
    return f"{_named(around)}[{key}]" if isinstance(key, int) else f"{_named(around)}.{key}"

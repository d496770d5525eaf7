"""A column of the API: its name, its type and what it means; rows, CSV and the OpenAPI document are made of these."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any

from probes.document import document


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    """RFC 3339 in UTC."""
    DAY = "day"
    LIST = "list"
    """Of texts."""
    INTERVAL = "interval"
    """[earliest, latest], two times; earliest is null where it may have been at any earlier time."""
    OBJECT = "object"
    OBJECTS = "objects"


_SCHEMAS: Mapping[Kind, Mapping[str, Any]] = {
    Kind.TEXT: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.TIME: {"type": "string", "format": "date-time"},
    Kind.DAY: {"type": "string", "format": "date"},
    Kind.LIST: {"type": "array", "items": {"type": "string"}},
    Kind.INTERVAL: {
        "type": "array",
        "items": {"type": ["string", "null"], "format": "date-time"},
        "minItems": 2,
        "maxItems": 2,
    },
    Kind.OBJECT: {"type": "object"},
    Kind.OBJECTS: {"type": "array", "items": {"type": "object"}},
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters by which a spreadsheet takes a text for a formula (OWASP, CSV injection)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; `of` reads it from a row's record, by default the attribute of the same name."""

    name: str
    kind: Kind
    what: str
    of: Callable[[Any], Any] | None = None
    optional: bool = False
    """Whether it can be null."""
    values: tuple[str, ...] = ()
    """All that it can be, where that is a closed set."""

    def value(self, record: Any) -> Any:
        """This column of a record, as JSON types."""
        return document((self.of or attrgetter(self.name))(record))

    @property
    def schema(self) -> dict[str, Any]:
        """The column in JSON Schema 2020-12."""
        shape = dict(_SCHEMAS[self.kind]) | {"description": self.what}
        if self.values:
            shape["enum"] = [*self.values, None] if self.optional else list(self.values)
        if self.optional:
            shape["type"] = [shape["type"], "null"]
        return shape

    @property
    def heads(self) -> tuple[str, ...]:
        """Its names in the first line of a CSV: an interval stands there as two columns."""
        return (f"{self.name}_earliest", f"{self.name}_latest") if self.kind is Kind.INTERVAL else (self.name,)

    def cells(self, value: Any) -> tuple[str, ...]:
        """A value of this column as the texts of a line of CSV."""
        if self.kind is Kind.INTERVAL:
            return tuple(map(plain, value)) if value else ("", "")
        return (plain(value),)


def plain(value: Any) -> str:
    """A JSON value as a cell that no spreadsheet computes: a text that begins like a formula has a quote before it.

    >>> plain("=HYPERLINK(1)"), plain(-1.5), plain(None), plain(["AS1", "AS2"]), plain(True), plain(["-x"])
    ("'=HYPERLINK(1)", '-1.5', '', 'AS1; AS2', 'true', "'-x")
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case list() if all(isinstance(item, str) for item in value):
            return plain("; ".join(value))
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text

"""A resource of the API: a list of rows with columns that have names, types and meanings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.web.api.asked import PAGING, Asked
from monitor.web.api.column import Column
from monitor.web.api.cursor import Place, after, decode, encode
from monitor.web.ground import Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A part of a list, and where it goes on."""

    records: Sequence[Any]
    next: str | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """A single thing of a resource; `read` gives None where there is none of that id."""

    what: str
    read: Callable[[str, Ground], Mapping[str, Any] | None]
    schema: Mapping[str, Any]
    parts: Mapping[str, One] | None = None
    """What else can be asked of it, by the word after its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One list: `/api/v1/NAME`, whose rows stand under `key`."""

    name: str
    what: str
    columns: tuple[Column, ...]
    filters: tuple[str, ...]
    read: Callable[[Asked, Ground], Rows]
    one: One | None = None

    @property
    def key(self) -> str:
        """The name in JSON."""
        return self.name.replace("-", "_")

    @property
    def parameters(self) -> tuple[str, ...]:
        """All query parameters."""
        return (*self.filters, *PAGING)

    @property
    def row_schema(self) -> dict[str, Any]:
        """One row in JSON Schema."""
        return {
            "type": "object",
            "required": [column.name for column in self.columns],
            "properties": {column.name: column.schema for column in self.columns},
        }

    def row(self, record: Any) -> dict[str, Any]:
        """A record as the row that is given away."""
        return {column.name: column.value(record) for column in self.columns}


def cut(records: Sequence[Any], asked: Asked, key: Callable[[Any], Place], *, simulated: bool) -> Rows:
    """The page that is asked for of a whole list, which is sorted by `key`."""
    left = after(records, place_of(asked), key)
    shown = left[: asked.limit]
    more = encode(key(shown[-1]), asked.question) if len(left) > len(shown) else None
    return Rows(records=shown, next=more, simulated=simulated)


def place_of(asked: Asked) -> Place | None:
    """Where the page begins; None at the start."""
    return None if asked.cursor is None else decode(asked.cursor, asked.question)

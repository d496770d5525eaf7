"""What can be exported as a table: its columns, with type and meaning, and how a record becomes a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

Value: TypeAlias = str | int | float | bool | datetime | date | None
Row: TypeAlias = tuple[Value, ...]


class Kind(StrEnum):
    """What a column holds, in the words of the Frictionless Table Schema."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: name, what it holds, and what that means."""

    name: str
    kind: Kind
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A table that can be exported. `rows` gives the values of a record, in the order of the columns; one or many."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Callable[[Any], Iterable[Mapping[str, Value]]]

    def table(self, records: Iterable[Any]) -> Iterator[Row]:
        """The rows of records; times are in UTC, whatever zone they came in."""
        names = [column.name for column in self.columns]
        for record in records:
            for row in self.rows(record):
                yield tuple(_utc(row.get(name)) for name in names)


def column(name: str, kind: Kind, says: str) -> Column:
    """A column, in one line."""
    return Column(name=name, kind=kind, says=says)


def _utc(value: Value) -> Value:
    return value.astimezone(UTC) if isinstance(value, datetime) else value

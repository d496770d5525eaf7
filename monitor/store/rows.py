"""Flat records as table rows and back: each field of a record, and of the records inside it, is one column of its name.

Text that repeats becomes the id of a symbol, a moment microseconds since 1970, a list JSON; None stays NULL.
"""

from __future__ import annotations

import json
import sqlite3
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import Any, Generic, TypeAlias, TypeVar

from monitor.store.times import microseconds, moment

Intern: TypeAlias = Callable[[str], Any]
"""Text to the id of its symbol, or to itself where the engine keeps text as it is."""
Texts: TypeAlias = Mapping[Any, str]
"""Ids of symbols to their text."""
Row: TypeAlias = sqlite3.Row | Sequence[Any]
"""Values in the order of a layout's columns; more may follow."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one field's value stands in a column: both ways, never asked about None."""

    write: Callable[[Any, Intern], Any]
    read: Callable[[Any, Texts], Any]
    symbol: bool = False
    """Whether the column holds the id of a text."""


PLAIN = Form(write=lambda value, _: value, read=lambda value, _: value)
NUMBER = Form(write=lambda value, _: float(value), read=lambda value, _: value)
FLAG = Form(write=lambda value, _: int(value), read=lambda value, _: bool(value))
SYMBOL = Form(write=lambda value, intern: intern(value), read=lambda value, texts: texts[value], symbol=True)
MOMENT = Form(write=lambda value, _: microseconds(value), read=lambda value, _: moment(value))
LIST = Form(write=lambda value, _: json.dumps(value) if value else "[]", read=lambda value, _: tuple(json.loads(value)))
HEX = Form(write=lambda value, _: bytes.fromhex(value), read=lambda value, _: value.hex())

_FORMS: Mapping[Any, Form] = {
    str: SYMBOL,
    bool: FLAG,
    int: PLAIN,
    float: NUMBER,
    datetime: MOMENT,
    tuple[str, ...]: LIST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    name: str
    index: int
    """Of its column; not used where the field is itself a record."""
    form: Form | None
    """None where the field is itself a record."""
    inner: _Plan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    kind: type[Any]
    fields: tuple[_Field, ...]


class Layout(Generic[T]):
    """Which columns hold a kind of record; `special` names the fields whose form does not follow from their type."""

    def __init__(self, kind: type[T], **special: Form) -> None:
        self.columns: tuple[str, ...] = tuple(dict.fromkeys(_names(kind)))
        self._plan = _plan(kind, special, self.columns)
        self.symbols: frozenset[str] = frozenset(_symbols(self._plan))
        leaves = dict(_leaves(self._plan))
        self._all = attrgetter(*(leaves[name][0] for name in self.columns))
        self._writes = tuple(leaves[name][1] for name in self.columns)

    @property
    def listed(self) -> str:
        """The columns as a SELECT names them, in the order in which `record` reads them."""
        return ", ".join(f'"{name}"' for name in self.columns)

    def row(self, record: T, intern: Intern) -> dict[str, Any]:
        """The record as a row; new text gets its symbol through `intern`."""
        return dict(zip(self.columns, self.values(record, intern), strict=True))

    def values(self, record: T, intern: Intern) -> list[Any]:
        """The values of the record's row, in the order of the columns: what many rows are written from."""
        return [
            value if value is None or write is None else write(value, intern)
            for write, value in zip(self._writes, self._all(record), strict=True)
        ]

    def record(self, row: Row, texts: Texts) -> T:
        """The record that a row holds."""
        return typing.cast("T", _build(self._plan, row, texts))


def _kinds(kind: type[Any]) -> dict[str, Any]:
    """The fields of a record and their types, None left out of them."""
    hints = typing.get_type_hints(kind)
    return {field.name: _required(hints[field.name]) for field in fields(kind)}


def _is_record(kind: Any) -> bool:
    return is_dataclass(kind)


def _names(kind: type[Any]) -> Iterator[str]:
    for name, inner in _kinds(kind).items():
        yield from _names(inner) if _is_record(inner) else (name,)


def _plan(kind: type[Any], special: Mapping[str, Form], columns: tuple[str, ...]) -> _Plan:
    made = []
    for name, inner in _kinds(kind).items():
        if _is_record(inner):
            made.append(_Field(name=name, index=-1, form=None, inner=_plan(inner, special, columns)))
        else:
            made.append(_Field(name=name, index=columns.index(name), form=special.get(name) or _form(inner)))
    return _Plan(kind=kind, fields=tuple(made))


def _symbols(plan: _Plan) -> Iterator[str]:
    for field in plan.fields:
        if field.inner is not None:
            yield from _symbols(field.inner)
        elif field.form is not None and field.form.symbol:
            yield field.name


def _required(hint: Any) -> Any:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        (kind,) = (kind for kind in typing.get_args(hint) if kind is not type(None))
        return kind
    return hint


def _form(kind: Any) -> Form:
    if isinstance(kind, type) and issubclass(kind, Enum):
        members = {member.value: member for member in kind}
        return Form(
            write=lambda value, intern: intern(value.value),
            read=lambda value, texts: members[texts[value]],
            symbol=True,
        )
    return _FORMS[kind]


def _leaves(plan: _Plan, path: str = "") -> Iterator[tuple[str, tuple[str, Callable[[Any, Intern], Any] | None]]]:
    """Each column, where its value is in a record, and what it is written with; None where it is written as it is."""
    for field in plan.fields:
        if field.inner is not None:
            yield from _leaves(field.inner, f"{path}{field.name}.")
        elif field.form is not None:
            yield field.name, (f"{path}{field.name}", None if field.form is PLAIN else field.form.write)


def _build(plan: _Plan, row: Row, texts: Texts) -> Any:
    made: dict[str, Any] = {}
    for field in plan.fields:
        if field.inner is not None:
            made[field.name] = _build(field.inner, row, texts)
        elif field.form is not None:
            value = row[field.index]
            made[field.name] = None if value is None else field.form.read(value, texts)
    return plan.kind(**made)

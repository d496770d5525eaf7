"""Statements that are put together from parts; values are always parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def sentence(*parts: str) -> str:
    """A statement from its parts, with one space between those that are not empty.

    >>> sentence("SELECT * FROM cell", "", "ORDER BY start")
    'SELECT * FROM cell ORDER BY start'
    """
    return " ".join(part for part in parts if part)


def insertion(table: str, columns: tuple[str, ...], conflict: str = "") -> str:
    """The SQL that inserts one named row.

    >>> insertion("cell", ("start", "end"), "ON CONFLICT DO NOTHING")
    'INSERT INTO cell ("start", "end") VALUES (:start, :end) ON CONFLICT DO NOTHING'
    """
    return _insertion(table, columns, f"({', '.join(f':{name}' for name in columns)})", conflict)


def batch_insertion(table: str, columns: tuple[str, ...], conflict: str = "") -> str:
    """The same for rows that are sequences, of which many are written at once.

    >>> batch_insertion("cell", ("start", "end"))
    'INSERT INTO cell ("start", "end") VALUES (?, ?)'
    """
    return _insertion(table, columns, places(len(columns)), conflict)


def _insertion(table: str, columns: tuple[str, ...], values: str, conflict: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return sentence("INSERT INTO", table, f"({names})", "VALUES", values, conflict)


def places(count: int) -> str:
    """Room for so many values without names.

    >>> places(3)
    '(?, ?, ?)'
    """
    return f"({', '.join('?' * count)})"


def updates(columns: Iterable[str], *, add: bool = False) -> str:
    """What an insertion does where the row is there already: put the new values in its place, or add them to it.

    >>> updates(("ok",), add=True)
    'ON CONFLICT DO UPDATE SET "ok" = "ok" + excluded."ok"'
    """
    changes = (
        f'"{name}" = "{name}" + excluded."{name}"' if add else f'"{name}" = excluded."{name}"' for name in columns
    )
    return sentence("ON CONFLICT DO UPDATE SET", ", ".join(changes))


def spells(column: str) -> str:
    """The condition that a column's symbol is the text in the parameter of the same name.

    >>> spells("target")
    'target = (SELECT id FROM symbol WHERE text = :target)'
    """
    return sentence(column, "= (SELECT id FROM symbol WHERE text =", f":{column})")


def where(conditions: Mapping[str, str], given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The WHERE for what is given (not None), and its parameters; it has nothing else in it, so that indexes serve it.

    >>> where({"since": "time >= :since", "until": "time < :until"}, {"since": 5, "until": None})
    ('WHERE time >= :since', {'since': 5})
    """
    asked = {name: value for name, value in given.items() if value is not None}
    return ("WHERE " + " AND ".join(conditions[name] for name in asked) if asked else ""), asked


def number_of(key: str) -> str:
    """The whole number that `meta` keeps under a key of ours, NULL where it keeps none.

    >>> number_of("pruned")
    "(SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'pruned')"
    """
    return sentence("(SELECT CAST(value AS INTEGER) FROM meta WHERE key =", f"'{key}')")

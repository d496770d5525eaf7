"""Values as ClickHouse's SQL spells them: its old versions know no parameters over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\0": "\\0", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b"})


def literal(value: Any) -> str:
    r"""One value, or a list of them, as SQL; TypeError for what no column holds.

    >>> print(literal("it's a \\"), literal([1, None]), literal(2.5))
    'it\'s a \\' (1, NULL) 2.5
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return str(int(value))
        case int() | float():
            return repr(value)
        case str():
            return f"'{value.translate(_ESCAPES)}'"
        case list() | tuple():
            return f"({', '.join(map(literal, value))})"
    raise TypeError(f"no column holds a {type(value).__name__}")


def fill(statement: str, given: Mapping[str, Any]) -> str:
    """The statement with its parameters `%(name)s` put in.

    >>> fill("SELECT * FROM cell WHERE target = %(target)s", {"target": "kloop"})
    "SELECT * FROM cell WHERE target = 'kloop'"
    """
    return statement % {name: literal(value) for name, value in given.items()} if given else statement

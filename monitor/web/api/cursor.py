"""Opaque cursors: where a list goes on, as text that nobody but us reads.

A cursor holds the place (the sort key of the last row that was given) and a mark of the question, so that it cannot
be used with another one. Rows that come in between neither repeat nor hide others, as an offset's would.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from monitor.web.api.problem import QuestionError

Place: TypeAlias = tuple[int | str, ...]
"""The sort key of a row; ascending keys are the order of the list."""
T = TypeVar("T")

_WRONG = "cursor: expected the text of `next` from an answer to this very question; leave it out to begin anew"


def mark(question: Mapping[str, Any]) -> str:
    """A short name of a question, the same for the same filters."""
    return hashlib.sha256(json.dumps(question, sort_keys=True, default=str).encode()).hexdigest()[:8]


def encode(place: Place, question: str) -> str:
    """The cursor of a place in the answer to a question.

    >>> decode(encode((5, "a"), "q"), "q")
    (5, 'a')
    """
    return base64.urlsafe_b64encode(json.dumps([question, *place]).encode()).decode().rstrip("=")


def decode(cursor: str, question: str) -> Place:
    """The place that a cursor stands for; QuestionError where it is none, or belongs to another question."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, UnicodeError, RecursionError) as fault:
        raise QuestionError(_WRONG) from fault
    if not isinstance(found, list) or not found or found[0] != question:
        raise QuestionError(_WRONG)
    if not all(isinstance(part, int | str) for part in found):
        raise QuestionError(_WRONG)
    return tuple(found[1:])


def after(rows: Sequence[T], place: Place | None, key: Callable[[T], Place]) -> Sequence[T]:
    """The rows, sorted by `key`, that come after a place; QuestionError where the place is of another kind of key.

    >>> after([1, 2, 3], (2,), lambda row: (row,))
    [3]
    """
    if place is None:
        return rows
    try:
        return [row for row in rows if key(row) > place]
    except TypeError as fault:
        raise QuestionError(_WRONG) from fault

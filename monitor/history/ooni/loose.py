"""Values out of a stranger's JSON: each function takes anything and gives the wanted type or its empty form."""

from __future__ import annotations

import base64
import binascii
from math import isfinite
from typing import Any

_LARGEST = 2**31


def record(value: object) -> dict[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def records(value: object) -> list[dict[str, Any]]:
    """The objects in a list, without whatever else is in it.

    >>> records([{"a": 1}, None, 3]), records(None)
    ([{'a': 1}], [])
    """
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """The value where it is a string, fit for UTF-8, else "".

    >>> text("\\ud800ok"), text(5)
    ('?ok', '')
    """
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def number(value: object) -> float | None:
    """The value where it is a finite number.

    >>> number(1), number(True), number(float("nan"))
    (1.0, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None


def whole(value: object) -> int | None:
    """The value where it is a whole number of a sane size and not negative.

    >>> whole(200), whole(-1), whole("200")
    (200, None, None)
    """
    found = number(value)
    return int(found) if found is not None and found == int(found) and 0 <= found < _LARGEST else None


def blob(value: object) -> bytes | None:
    """The bytes of a string, or of `{"format": "base64", "data": …}` (df-001); None for anything else.

    >>> blob("ы"), blob({"format": "base64", "data": "AA=="}), blob({"format": "base64", "data": "?"})
    (b'\\xd1\\x8b', b'\\x00', None)
    """
    if isinstance(value, str):
        return value.encode(errors="replace")
    packed = record(value)
    if packed.get("format") != "base64":
        return None
    try:
        return base64.b64decode(text(packed.get("data")), validate=True)
    except binascii.Error:
        return None

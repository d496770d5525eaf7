"""What a bare word of the file means: the core schema of YAML 1.2, not the surprises of 1.1.

`no` and `NO` stay text (a country is not a refusal), a date stays text (it keeps its precision), `1:30` and `0777` stay
text. Source: YAML 1.2.2, §10.3.2, without octal and hexadecimal numbers and infinities, which no setting needs.
"""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?([0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18}|[0-9]{1,18}(?=[eE]))([eE][-+]?[0-9]{1,3})?", re.ASCII
)


def scalar(text: str) -> Scalar:
    """The value of a plain scalar; whatever is no null, truth value or number is the text itself.

    >>> [scalar(word) for word in ("10", "-2.5", "true", "~", "no", "2023-09-12", "1:30", "AS47237")]
    [10, -2.5, True, None, 'no', '2023-09-12', '1:30', 'AS47237']
    """
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text

"""pyasn's data files (`pyasn_util_convert.py`): prefix, tab, number; comments begin with a semicolon."""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.prefixes.table import Range, prefix

_LINE = re.compile(r"[0-9a-fA-F.:]+/\d+\t(?:AS)?(\d{1,10})", re.ASCII)


def fits(line: str) -> bool:
    """Whether a first line is one of this form.

    >>> fits("1.0.0.0/24\\t13335"), fits("AS13335\\t1.0.0.0/24")
    (True, False)
    """
    return _LINE.fullmatch(line) is not None


def ranges(line: str) -> Iterable[Range]:
    """The range in a line."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError("expected a prefix, a tab and a number")
    if found[1].strip("0"):  # 0: announced by nobody whose number is known
        yield prefix(line.partition("\t")[0], int(found[1]))

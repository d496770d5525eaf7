"""One network a line: `AS` and its number first, its prefixes with commas last, anything in between, with tabs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.prefixes.table import Range, prefix

_LINE = re.compile(r"AS(\d{1,10})\t(?:.*\t)?([0-9a-fA-F.:/,]+)", re.ASCII)


def fits(line: str) -> bool:
    """Whether a first line is one of this form.

    >>> fits("AS12997\\t82944\\tOJSC Kyrgyztelecom\\t31.29.0.0/19,37.218.128.0/18"), fits("AS12997 31.29.0.0/19")
    (True, False)
    """
    return _LINE.fullmatch(line) is not None


def ranges(line: str) -> Iterable[Range]:
    """The ranges in a line."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError("expected AS and a number, and last its prefixes with commas")
    for each in found[2].split(","):
        yield prefix(each, int(found[1]))

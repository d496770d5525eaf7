"""Ranges as CSV without a heading, as ip-location-db publishes them: first address, last address, number, name."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

from monitor.prefixes.table import Range, between

_LINE = re.compile(r'"?[0-9a-fA-F.:]+"?,"?[0-9a-fA-F.:]+"?,"?\d{1,10}"?(?:,.*)?', re.ASCII | re.DOTALL)


def fits(line: str) -> bool:
    """Whether a first line is one of this form.

    >>> fits("1.0.0.0,1.0.0.255,13335,Cloudflare"), fits("1.0.0.0/24,13335,Cloudflare")
    (True, False)
    """
    return _LINE.match(line) is not None


def ranges(line: str) -> Iterable[Range]:
    """The range in a line."""
    (cells,) = csv.reader([line])
    if len(cells) < 3 or not cells[2].isdecimal():
        raise ValueError("expected a first address, a last address and a number")
    yield between(cells[0], cells[1], int(cells[2]))

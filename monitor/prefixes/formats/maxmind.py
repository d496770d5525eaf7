"""MaxMind's GeoLite2 ASN in its CSV form: network, autonomous_system_number, autonomous_system_organization."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from monitor.prefixes.table import Range, prefix

_HEADING = "network,autonomous_system_number"


def fits(line: str) -> bool:
    """Whether a first line is this form's heading.

    >>> fits("network,autonomous_system_number,autonomous_system_organization")
    True
    """
    return line.startswith(_HEADING)


def ranges(line: str) -> Iterable[Range]:
    """The range in a line; none in the heading."""
    if fits(line):
        return
    (cells,) = csv.reader([line])
    if len(cells) < 2 or not cells[1].isdecimal():
        raise ValueError("expected a network and its autonomous system's number")
    yield prefix(cells[0], int(cells[1]))

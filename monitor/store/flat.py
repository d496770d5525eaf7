"""The records as the servers keep them: the embedded store's columns and names, with text as it is."""

from __future__ import annotations

import hashlib
from typing import Any

from monitor.model import Cell, Finding, Outcome, VantageStatus
from monitor.store.rows import PLAIN, Layout
from probes.document import canonical, document

OUTCOME = Layout(Outcome, measurement=PLAIN)
FINDING = Layout(Finding, measurement=PLAIN)
CELL = Layout(Cell)
HEALTH = Layout(VantageStatus)

FACTS = ("time", "target", "url", "vantage", "country", "network", "role", "innocuous", "simulated", "vantage_kind")
"""What judging again never changes."""


class _Same(dict[Any, str]):
    """Every text is its own symbol."""

    def __missing__(self, text: str) -> str:
        return text


SAME = _Same()


def same(text: str) -> str:
    """The symbol of a text: itself.

    >>> OUTCOME.columns[:3], same("kloop"), SAME["kloop"]
    (('measurement', 'time', 'target'), 'kloop', 'kloop')
    """
    return text


def digest(cell: Cell) -> str:
    """What makes a cell the same as another: a hash of all its fields, as 32 hex digits."""
    return hashlib.sha256(canonical(document(cell))).hexdigest()[:32]

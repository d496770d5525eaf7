"""What tests have to say at the end besides passing, by heading: tables of what was found, and what was not tested."""

from __future__ import annotations

TABLES: dict[str, list[str]] = {}
"""Lines by heading; those of several processes are brought together (tests/conftest.py)."""

LACKING = "NOT TESTED, because it is not installed here"


def lacking(what: str) -> None:
    """Say at the end that something could not be tested."""
    lines = TABLES.setdefault(LACKING, [])
    if what not in lines:
        lines.append(what)

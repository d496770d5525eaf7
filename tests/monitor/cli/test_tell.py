"""What the terminal says while the program runs, and what it never says."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from monitor.cli.tell import Teller


def broken(secret: str) -> Exception:
    try:
        {}[secret]
    except KeyError as mistake:
        return ExceptionGroup("several", [mistake])
    pytest.fail("an empty table has no entries")


def test_a_mistake_is_told_once_by_its_place_and_without_what_it_held():
    """An exception's words may hold an address: only its kind and its line of code are printed, however often."""
    printed = StringIO()
    teller = Teller(Console(file=printed, width=200))

    teller.mistaken(broken("192.0.2.77"))
    teller.mistaken(broken("192.0.2.78"))

    assert printed.getvalue().count("\n") == 1
    assert "KeyError at test_tell.py:" in printed.getvalue()
    assert "192.0.2" not in printed.getvalue()

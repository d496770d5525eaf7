"""Every trap that docs/reference/traps.md speaks of is shown by a case or a test that is there."""

from __future__ import annotations

import re

from tests.docs.pages import DOCS

TESTS = DOCS.parent / "tests"
PAGE = DOCS / "reference" / "traps.md"


def proofs():
    """What each row's last column names."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [(row, re.findall(r"`([^`]+)`", row.rstrip("| ").rpartition("|")[2])) for row in rows if "---" not in row]


def test_every_trap_is_shown_by_something_that_is_there():
    """A folder of the gallery, or the name of a test function."""
    cases = {path.parent.name for path in (TESTS / "gallery").glob("*/network.yaml")}
    tests = {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = [(row, names) for row, names in proofs() if not row.endswith("| shown by |")]

    assert len(named) > 50
    assert [row for row, names in named if not names] == []
    assert {name for _, names in named for name in names} - cases - tests == set()

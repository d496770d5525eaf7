"""What is documented cannot drift from the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.model import Evidence, Locus, Manner, Scope, State
from monitor.verdict import RULES
from monitor.verdict.catalogue import catalogue
from monitor.verdict.pattern import compile_pattern
from monitor.verdict.shipped import SHIPPED

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


def test_the_page_of_rules_is_the_table():
    """Renew it with `python -m monitor.verdict.catalogue > docs/reference/rules.md`, and read the difference."""
    assert (REFERENCE / "rules.md").read_text(encoding="utf-8") == catalogue()


@pytest.mark.parametrize("technique", sorted({rule.technique for rule in RULES if rule.technique}))
def test_every_technique_is_explained(technique):
    """Each technique that a rule gives has its row in the reference."""
    rows = [line for line in (REFERENCE / "techniques.md").read_text(encoding="utf-8").splitlines() if line[:1] == "|"]

    assert any(f"`{technique}`" in line.split("|")[1] for line in rows)


@pytest.mark.parametrize("word", [*State, *Locus, *Evidence])
def test_every_word_of_a_verdict_is_explained(word):
    """States, loci and kinds of evidence have their rows too."""
    assert f"| `{word}` |" in (REFERENCE / "techniques.md").read_text(encoding="utf-8")


def test_fingerprints_say_where_they_come_from():
    """Each has an id of its own, a source, and a pattern that can be looked for; a notice says where it was seen."""
    assert len({one.id for one in SHIPPED}) == len(SHIPPED)
    for one in SHIPPED:
        assert one.source
        assert all(len(country) == 2 and country.isupper() for country in one.countries)
        assert one.pattern
        assert one.countries or one.scope in {Scope.FALSE_POSITIVE, Scope.PARKED}
        assert one.manner is not Manner.REGEXP or not compile_pattern(one.pattern).empty

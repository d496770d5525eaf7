"""Every rule that an experiment can name is exercised by a case of its own in this folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor.verdict import experiments

SOURCES = Path(experiments.__file__).parent
HERE = Path(__file__).parent
_SAID = (
    r'\bid="(\w+)"',
    r'\bfound\(\s*"(\w+)"',
    r'rule, why = "(\w+)"',
    r'rule_id="\w+\.(\w+)"',
    r'return \(?\s*"(\w+)",\s*f?"[A-Z]',
)
"""The ways in which the tables and readings write the last part of an id."""


def ids() -> list[str]:
    """File and id of every rule."""
    text = {path.stem: path.read_text(encoding="utf-8") for path in SOURCES.glob("*.py")}
    return sorted(
        {f"{name}:{rule}" for name, body in text.items() for said in _SAID for rule in re.findall(said, body)}
    )


@pytest.mark.parametrize("rule", ids())
def test_every_rule_of_an_experiment_is_exercised(rule):
    """A test expects it by its id."""
    name = rule.partition(":")[2]
    tests = [path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py") if path.name != Path(__file__).name]

    assert any(re.search(rf'["._]{name}["\]]', text) for text in tests)


def test_all_experiments_are_looked_at():
    """The ways above find the rules of every table."""
    found = {rule.partition(":")[0] for rule in ids()}

    assert {"names", "place", "quic", "speed", "swap", "way"} <= found
    assert len(ids()) > 45

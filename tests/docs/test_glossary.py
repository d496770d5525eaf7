"""Words with a meaning of their own are explained."""

from __future__ import annotations

import re

import pytest

from monitor.model import ClaimVerdict, Evidence, Health, Locus, State, Tier
from probes.model import Role
from tests.docs.pages import DOCS

GLOSSARY = DOCS / "glossary.md"
WORDS = [*State, *Health, *Tier, *Locus, *Evidence, *ClaimVerdict, *Role]


@pytest.mark.parametrize("word", WORDS, ids=lambda word: f"{type(word).__name__}-{word}")
def test_every_value_is_explained(word):
    """Every value of the closed sets stands in the glossary in code style."""
    assert f"`{word}`" in GLOSSARY.read_text(encoding="utf-8")


def test_every_word_stands_once():
    """No word has two rows, and no row is without a meaning."""
    rows = re.findall(r"^\| \*\*(.*?)\*\* \| (.*?) \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    words = [word for head, _ in rows for word in head.split(", ")]

    assert len(rows) > 50
    assert len(set(words)) == len(words)
    assert all(meaning.strip() for _, meaning in rows)

"""The gallery as a page: one row per case, from the cases' own files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.gallery.form import Case, folders, read_case, read_expected

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "gallery.md"

_HEAD = """# The gallery

Networks that censor, sites that are broken, places that cannot be believed: each is a folder in `tests/gallery`, played
on loopback with the real probe, as an ordinary user. [Its README](../../tests/gallery/README.md) tells how a case is
written. This page is made from the cases; a test compares the two.

"in the peer's words" is what OONI's web_connectivity would say of the same facts (`blocking`, `accessible`), as our
export tells it. Where its words and ours differ, [ADR 11](../adr/0011-where-the-gallery-differs-from-the-peer.md) says
why.
"""
_COLUMNS = "| case | state | technique | rule | in the peer's words | what it is |\n|---|---|---|---|---|---|\n"
_MISLABELLED = """
## What we still mislabel

Each of these is played with a verdict that somebody who knew the network would not give.

| case | our verdict | what it is |
|---|---|---|
"""


def page() -> str:
    """The whole page as Markdown."""
    shown = [(read_case(folder), read_expected(folder)) for folder in folders()]
    peers = [one for one in shown if one[0].network.peer is not None]
    own = [one for one in shown if one[0].network.peer is None]
    parts = [_HEAD, f"\n## Our own cases ({len(own)})\n\n{_COLUMNS}", *map(_row, own)]
    parts += [f"\n## The peer's cases ({len(peers)})\n\nAll agree in the export.\n\n{_COLUMNS}", *map(_row, peers)]
    return "".join([*parts, _MISLABELLED, *_mislabelled(shown)])


def _row(shown: tuple[Case, Mapping[str, Any]]) -> str:
    case, expected = shown
    verdict = expected["verdict"]
    technique = f"`{verdict['technique']}`" if verdict["technique"] else ""
    words = f"{_said(expected['peer']['blocking'])} / {_said(expected['peer']['accessible'])}"
    rule = f"`{verdict['rule_id']}`"
    return f"| {case.name} | {verdict['state']} | {technique} | {rule} | {words} | {case.network.why} |\n"


def _said(word: Any) -> str:
    """A value as JSON writes it.

    >>> _said("dns"), _said(False), _said(None)
    ('dns', 'false', 'null')
    """
    return word if isinstance(word, str) else {True: "true", False: "false"}.get(word, "null")


def _mislabelled(shown: Sequence[tuple[Case, Mapping[str, Any]]]) -> list[str]:
    return [
        f"| {case.name} | {_words(expected['verdict'])} | {case.network.mislabelled} |\n"
        for case, expected in shown
        if case.network.mislabelled
    ]


def _words(verdict: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (verdict["state"], verdict["technique"] and f"`{verdict['technique']}`")))

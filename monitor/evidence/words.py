"""The words of a report in English, Russian and Kyrgyz; cautious ones, since a report may stand before a judge."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cache
from importlib import resources


class Language(StrEnum):
    """What a report can be written in."""

    EN = "en"
    RU = "ru"
    KY = "ky"


@cache
def words() -> dict[str, dict[str, str]]:
    """Key -> language -> text with places in braces (words.json)."""
    text = resources.files("monitor.evidence").joinpath("words.json").read_text(encoding="utf-8")
    known: dict[str, dict[str, str]] = json.loads(text)
    return known


def say(language: Language, name: str, /, **values: object) -> str:
    """The words of a key in a language, with its places filled; KeyError for a key or a place that is unknown.

    >>> say(Language.EN, "end_open", last="now")
    'No end was seen up to now.'
    """
    return words()[name][language.value].format(**values)


def how(language: Language, technique: str | None) -> str:
    """A technique in plain words, with its code.

    >>> how(Language.EN, "dns.nxdomain")
    'blocking by DNS (dns.nxdomain)'
    """
    layer = (technique or "").partition(".")[0]
    key = f"how_{layer}" if f"how_{layer}" in words() else "how_none"
    return say(language, key, code=technique or "")

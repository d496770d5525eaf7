"""Which language a page speaks, and its words: gettext catalogues that the standard library reads."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "ky": "Кыргызча", "ru": "Русский"}
"""Code -> its own name; English needs no catalogue."""

DOMAIN = "presscanary"
LOCALE = Path(__file__).parent / "locale"


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; for one that has none, the English words as they stand in the source."""
    return gettext.translation(DOMAIN, LOCALE, [language], fallback=True)


def choose(asked: str | None, accepted: str) -> str:
    """The language for `?lang=` or, without one that we have, for an Accept-Language header (RFC 9110 §12.5.4).

    >>> choose("ky", "ru"), choose("xx", "ru-RU,ru;q=0.9,en;q=0.8"), choose(None, "de"), choose(None, "en;q=0.1, ky")
    ('ky', 'ru', 'en', 'ky')
    """
    if asked in LANGUAGES:
        return str(asked)
    wishes = sorted(map(_wish, accepted.split(",")), key=lambda wish: wish[1], reverse=True)
    return next((language for language, weight in wishes if language in LANGUAGES and weight > 0), "en")


def _wish(part: str) -> tuple[str, float]:
    language, _, weight = part.partition(";")
    try:
        quality = float(weight.strip().removeprefix("q=") or 1)
    except ValueError:
        quality = 0.0
    return language.strip().lower().split("-")[0], quality


def mark(words: str) -> str:
    """The words themselves: says to the extraction that they are looked up in the catalogue when shown."""
    return words

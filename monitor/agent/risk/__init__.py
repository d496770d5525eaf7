"""The risk text: what an operator is told before anything is measured, versioned, in each language that we speak."""

from __future__ import annotations

from importlib import resources

VERSION = 1
"""Of the texts beside this file. A text whose meaning changes gets the next number, and consent is asked for again."""

LANGUAGES = ("en", "ru", "ky")


def risk_text(language: str) -> str:
    """The text in a language; ValueError for one that there is none in.

    >>> risk_text("en").splitlines()[0]
    'What measuring from here means (risk text 1)'
    """
    if language not in LANGUAGES:
        raise ValueError(f"there is no risk text in {language!r}; expected one of {', '.join(LANGUAGES)}")
    return resources.files(__name__).joinpath(f"{VERSION}.{language}.txt").read_text(encoding="utf-8")

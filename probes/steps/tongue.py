"""In which language a page says that it is, or seems to be: two versions of one site are no block page."""

from __future__ import annotations

import re

_DECLARED = re.compile(r"<html\b[^>]{0,500}?\blang\s*=\s*[\"']?([A-Za-z]{2,3})\b", re.IGNORECASE)
_WITHIN = 4096
_KYRGYZ = re.compile(r"[үөңҮӨҢ]")
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")
_LETTER = re.compile(r"[^\W\d_]")
_FEWEST = 40
"""Letters; a guess from fewer is none."""
_SHARE = 0.005
"""Letters that Kyrgyz has and Russian has not make up two in a hundred of a Kyrgyz text, and none of a Russian one."""


def language_of(page: str, text: str) -> str | None:
    """The code (ISO 639) that the page declares, else `ky` or `ru` where the letters of `text` say so, else None.

    >>> language_of('<html class="a" lang="ru-RU">', "")
    'ru'
    >>> language_of("<p>", "Кыргызстандын Жогорку Кеңеши бүгүн жаңы мыйзам долбоорун карап чыкты")
    'ky'
    """
    declared = _DECLARED.search(page[:_WITHIN])
    if declared is not None:
        return declared[1].lower()
    letters = len(_LETTER.findall(text))
    if letters < _FEWEST or len(_CYRILLIC.findall(text)) < letters / 2:
        return None
    return "ky" if len(_KYRGYZ.findall(text)) >= letters * _SHARE else "ru"

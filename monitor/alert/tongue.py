"""The words of alerts in the recipient's language, and their hours on the recipient's clock."""

from __future__ import annotations

import gettext
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from monitor.alert.hours import local
from monitor.model import Interval

LANGUAGES = ("en", "ky", "ru")
"""English needs no catalogue."""
DOMAIN = "alerts"
LOCALE = Path(__file__).parent / "locale"

_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Controls, direction marks and other characters that change how the rest is read (Unicode TR36)."""
_MARKUP = re.compile(r"[<>&*_`|~#@\\{}!^$\[\]]")
"""What HTML, Markdown, Slack, Matrix and Discord read as markup or as a call for somebody."""


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE, [language], fallback=True)


def mark(words: str) -> str:
    """The words themselves: says to the extraction that they are looked up in the catalogue when written."""
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """A language and a clock."""

    language: str = "en"
    timezone: str = "UTC"

    def words(self, text: str) -> str:
        """The text in this language."""
        return _catalogue(self.language).gettext(text) if text else ""

    def number(self, one: str, many: str, count: int) -> str:
        """The text that goes with so many."""
        return _catalogue(self.language).ngettext(one, many, count)

    def moment(self, moment: datetime) -> str:
        """A moment in UTC, and on the recipient's clock where that is another one.

        >>> Tongue(timezone="Asia/Bishkek").moment(datetime(2026, 1, 13, 20, 3, tzinfo=UTC))
        '2026-01-13 20:03 UTC (2026-01-14 02:03 local time)'
        """
        return self._both(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}", f"{local(moment, self.timezone):%Y-%m-%d %H:%M}")

    def interval(self, interval: Interval) -> str:
        """Between two moments, in UTC and on the recipient's clock; with no earliest one, the latest alone.

        >>> at = datetime(2026, 1, 13, 15, 3, tzinfo=UTC)
        >>> Tongue(timezone="Asia/Bishkek").interval((at, at.replace(minute=13)))
        '2026-01-13 15:03 – 15:13 UTC (21:03 – 21:13 local time)'
        """
        first, last = interval
        if first is None:
            return self.moment(last)
        utc = _span(first.astimezone(UTC), last.astimezone(UTC))
        here = _span(local(first, self.timezone), local(last, self.timezone))
        return self._both(utc, here)

    def _both(self, utc: str, here: str) -> str:
        if self.timezone == "UTC":
            return f"{utc} UTC"
        day = utc[:10]
        shorter = here.replace(f"{day} ", "") if here.count(day) == utc.count(day) == here.count("-") // 2 else here
        return f"{utc} UTC ({shorter} {self.words(_LOCAL)})"


_LOCAL = mark("local time")


def _span(first: datetime, last: datetime) -> str:
    until = f"{last:%H:%M}" if last.date() == first.date() else f"{last:%Y-%m-%d %H:%M}"
    return f"{first:%Y-%m-%d %H:%M} – {until}"


def plain(text: str) -> str:
    """A stranger's words without characters that hide, reorder, format or call somebody; on one line.

    >>> plain("<b>@everyone</b>\\u202e *hi*\\n")
    'beveryone/b hi'
    """
    return _MARKUP.sub("", _INVISIBLE.sub("", text)).replace("://", " ").strip()


def defanged(name: str) -> str:
    """A name that no program turns into a link.

    >>> defanged("kloop.kg"), defanged("https://kloop.kg")
    ('kloop[.]kg', 'https kloop[.]kg')
    """
    return plain(name).replace(".", "[.]")

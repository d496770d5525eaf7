"""From records to HTML: one Jinja environment per language, which escapes everything and writes out what hides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from gettext import NullTranslations
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from monitor.model import Interval
from monitor.web import phrases
from monitor.web.heat import Tile
from monitor.web.language import LANGUAGES, mark, translations
from monitor.web.text import host_of, visible
from monitor.web.zone import zone_of
from probes.document import rfc3339

_UNITS = (
    (timedelta(days=1), mark("%(count)d d")),
    (timedelta(hours=1), mark("%(count)d h")),
    (timedelta(minutes=1), mark("%(count)d min")),
    (timedelta(seconds=1), mark("%(count)d s")),
)


@cache
def environment(language: str) -> Environment:
    """The templates in one language; a name that a page forgot to pass is an error, never an empty place."""
    made = Environment(
        loader=PackageLoader("monitor.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=visible,
        extensions=["jinja2.ext.i18n"],
    )
    words = translations(language)
    made.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined] # by the extension
    made.globals |= {"languages": LANGUAGES, "language": language, "phrases": phrases}
    made.filters |= {
        "visible": visible,
        "host": host_of,
        "when": when,
        "lasting": partial(lasting, say=words.gettext),
        "phrase": lambda code, table: _said(words, table.get(code, code)),
        "technique": lambda code: _said(words, phrases.technique(code)),
        "explained": lambda code: _said(words, phrases.explained(code)),
        "local": local,
        "path": lambda name: quote(str(name), safe=""),
        "percent": lambda share: f"{share * 100:.3f}%",
        "number": partial(number, language=language),
        "share": lambda share: f"{number(share * 100, 1, language=language)} %",
        "told": lambda one: told(one, lambda code: _said(words, phrases.STATES[code])),
    }
    return made


def _said(words: NullTranslations, phrase: str) -> str:
    """The phrase in a language, as plain text: `_()` in a template trusts its words, and a code may be a stranger's."""
    return words.gettext(phrase) if phrase else ""


def render(template: str, language: str, **facts: Any) -> str:
    """A page as text; a template that is not there or a missing fact is an exception, for both are ours."""
    return environment(language).get_template(template).render(facts)


def when(time: datetime, now: datetime | None = None) -> Markup:
    """A time in UTC as a `time` element; without its date where that is the date of `now`.

    >>> when(datetime(2026, 1, 18, 14, 3, 5, tzinfo=UTC))
    Markup('<time datetime="2026-01-18T14:03:05Z">2026-01-18 14:03:05</time>')
    >>> when(datetime(2026, 1, 18, 14, 3, 5, tzinfo=UTC), datetime(2026, 1, 18, 20, tzinfo=UTC)).striptags()
    '14:03:05'
    """
    moment = time.astimezone(UTC).replace(microsecond=0)
    today = now is not None and moment.date() == now.astimezone(UTC).date()
    shown = moment.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S")
    return Markup(f'<time datetime="{rfc3339(moment)}">{shown}</time>')  # noqa: S704 - digits and marks of our own


def number(value: float, places: int = 0, *, language: str) -> str:
    """A number as a language writes it, with a space that does not break between thousands (ISO 80000-1).

    >>> number(1234.56, 1, language="ru"), number(1234.56, 1, language="en"), number(7, language="ky")
    ('1\u202f234,6', '1\u202f234.6', '7')
    """
    text = f"{value:,.{places}f}".replace(",", "\u202f")
    return text if language == "en" else text.replace(".", ",")


def told(one: Tile, say: Callable[[str], str]) -> str:
    """What a tile of a heat map says when it is pointed at: its days in UTC, and results per state."""
    counts = ", ".join(f"{say(state.value)} {count}" for state, count in one.counts.items() if count)
    return f"{one.at.start:%Y-%m-%d} – {one.at.end:%Y-%m-%d}: {counts}"


def local(edges: Interval, country: str) -> str:
    """An interval in a country's own time; empty where it has several, or is not known.

    >>> local((None, datetime(2026, 1, 18, 20, 3, tzinfo=UTC)), "KG")
    '2026-01-19 02:03 (UTC+6)'
    >>> local((datetime(2026, 1, 18, 1, tzinfo=UTC), datetime(2026, 1, 18, 2, tzinfo=UTC)), "IN")
    '2026-01-18 06:30 – 2026-01-18 07:30 (UTC+5:30)'
    """
    zone = zone_of(country)
    if zone is None:
        return ""
    shown = [edge.astimezone(zone) for edge in edges if edge is not None]
    if len(shown) == 2 and shown[0] == shown[1]:
        shown.pop()
    minutes = round((shown[-1].utcoffset() or timedelta(0)).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    offset = f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"
    return f"{' – '.join(f'{edge:%Y-%m-%d %H:%M}' for edge in shown)} ({offset})"


def lasting(length: timedelta, *, say: Callable[[str], str] = str) -> str:
    """A length of time in its largest unit, and the next one where the first is small.

    >>> [lasting(timedelta(seconds=count)) for count in (0, 42, 3700, 200_000, 9_000_000)]
    ['0 s', '42 s', '1 h 1 min', '2 d 7 h', '104 d']
    """
    left = max(length, timedelta(0))
    parts: list[str] = []
    for unit, words in _UNITS:
        count, rest = divmod(left, unit)
        if count or (parts and len(parts) < 2) or unit == timedelta(seconds=1):
            parts.append(say(words) % {"count": count} if count or not parts else "")
            left = rest
        if parts and (len(parts) == 2 or count >= 10):
            break
    return " ".join(filter(None, parts))

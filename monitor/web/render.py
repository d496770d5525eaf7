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

from monitor.web import phrases
from monitor.web.language import LANGUAGES, mark, translations
from monitor.web.text import host_of, visible
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
        "path": lambda name: quote(str(name), safe=""),
        "percent": lambda share: f"{share * 100:.3f}%",
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
    return Markup('<time datetime="{}">{}</time>').format(rfc3339(moment), shown)


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

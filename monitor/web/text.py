"""Making strangers' text harmless to look at: no character that hides, reorders or moves what stands around it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from markupsafe import Markup

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 controls but tab and newline: NUL, ANSI escapes
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff"  # bidi, zero-width, annotations
    "\ud800-\udfff\U000e0000-\U000e0fff]"  # halves of characters, tags
)
"""Unicode TR36 (security considerations) names these: they change how the rest is read without being seen."""


def visible(value: object) -> object:
    """`value` with every invisible or reordering character written out; all that is not text passes unchanged.

    >>> visible("ok\\x1b[31m \\u202egnp.exe\\x00")
    'ok\\\\x1b[31m \\\\u202egnp.exe\\\\x00'
    """
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _INVISIBLE.sub(_written_out, value)


def _written_out(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape", "surrogatepass").decode()


def host_of(url: str) -> str:
    """The bare host name of a URL, in ASCII so that a look-alike letter shows; the text itself where there is no host.

    >>> host_of("https://kloop.kg/blog/"), host_of("https://klооp.kg/")
    ('kloop.kg', 'xn--klp-teda.kg')
    >>> host_of("not a url"), host_of("https://[::1"), host_of("https://" + "я" * 80)[:9]
    ('not a url', 'https://[::1', 'https://я')
    """
    try:
        host = urlsplit(url).hostname or url
        return host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        return url

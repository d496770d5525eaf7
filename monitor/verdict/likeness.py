"""Whether two pages are the same page, are from the same server, or differ: careful where others are fooled.

Known traps, each with a test: Content-Length is a header that everybody sends; two titles without long words say
nothing; a page in another language is the same page; a cut body has no length; a challenge is not a block page.
"""

from __future__ import annotations

import re
from enum import StrEnum

from monitor.model import Page

_EVERYBODYS_HEADERS = frozenset(
    {
        "accept-ranges",
        "age",
        "cache-control",
        "connection",
        "content-encoding",
        "content-language",
        "content-length",
        "content-type",
        "date",
        "etag",
        "expires",
        "keep-alive",
        "last-modified",
        "link",
        "location",
        "p3p",
        "pragma",
        "server",
        "set-cookie",
        "strict-transport-security",
        "transfer-encoding",
        "upgrade",
        "vary",
        "via",
        "x-content-type-options",
        "x-frame-options",
        "x-powered-by",
        "x-xss-protection",
    }
)
"""Headers so common that sharing them proves no kinship; a middlebox sends Content-Length and Connection as well."""
_ALIKE = 0.7
"""Shorter through longer body: above it the lengths are alike (Jones et al., IMC 2014; OONI ts-017)."""
_NOTICE = 16 * 1024
"""Bytes. Notices are small; two pages of alike length that are both longer may be one template in two languages."""
_WORD = 5
"""Characters that a word of a title needs to be telling (OONI ts-017)."""
_CHALLENGES = ("just a moment", "attention required! | cloudflare", "ddos-guard", "checking your browser")
"""How the titles of browser checks begin; they turn away programs, not countries."""

_LOGIN = 511
_WISPR = b"<WISPAccessGatewayParam"
"""Begins what portals say to programs that log in by themselves (Wi-Fi Alliance, WISPr 1.0)."""


class Likeness(StrEnum):
    """How one page compares with another."""

    SAME = "same"
    DIFFERENT = "different"
    UNCLEAR = "unclear"


def compare(page: Page, other: Page) -> Likeness:
    """Whether `page` is what `other` is; UNCLEAR wherever a site's own variety could explain the difference.

    >>> compare(Page(url="", status=200, title="Kloop – news"), Page(url="", status=200, title="News by Kloop"))
    <Likeness.SAME: 'same'>
    """
    if page.sha256 is not None and page.sha256 == other.sha256:
        return Likeness.SAME
    titles = _titles(page.title, other.title)
    if page.status == other.status and (same_server(page, other) or titles is Likeness.SAME):
        return Likeness.SAME
    if same_server(page, other):
        return Likeness.UNCLEAR
    return _by_size(page, other, titles)


def _by_size(page: Page, other: Page, titles: Likeness) -> Likeness:
    """Neither hash nor headers vouch for the page: lengths decide, beside what the titles say."""
    if titles is Likeness.SAME or other.status >= 400 or _is_overloaded(page):
        return Likeness.UNCLEAR  # a control that was turned away shows nothing to compare with
    if page.status != other.status:
        return Likeness.DIFFERENT
    ratio, notice = proportion(page.length, other.length), (page.length or 0) <= _NOTICE
    if ratio is None:
        return titles
    if ratio > _ALIKE:
        untitled = not _words(page.title) and not _words(other.title)
        return Likeness.SAME if untitled else titles if notice else Likeness.UNCLEAR
    shorter = (page.length or 0) < (other.length or 0)
    return Likeness.DIFFERENT if notice and shorter else titles


def _is_overloaded(page: Page) -> bool:
    """Whether a server says that it cannot answer now: notices do not call themselves a server's fault."""
    return page.status >= 500 or page.status == 429


def same_server(page: Page, other: Page) -> bool:
    """Whether both answers carry a header name that few servers send.

    >>> one = Page(url="", status=200, headers=("content-length", "x-kloop"))
    >>> same_server(one, one), same_server(one, Page(url="", status=200, headers=("content-length",)))
    (True, False)
    """
    return bool((set(page.headers) & set(other.headers)) - _EVERYBODYS_HEADERS)


def proportion(one: int | None, other: int | None) -> float | None:
    """Shorter through longer length; None where one is unknown or empty.

    >>> proportion(50, 200), proportion(None, 10)
    (0.25, None)
    """
    return min(one, other) / max(one, other) if one and other else None


def _titles(one: str | None, other: str | None) -> Likeness:
    """SAME where half of the long words are shared: a notice that names the site shares fewer.

    DIFFERENT where both have words and share none, UNCLEAR otherwise.
    """
    words, others = _words(one), _words(other)
    shared, long = ({word for word in some if len(word) >= _WORD} for some in (words & others, words | others))
    if shared and 2 * len(shared) >= len(long):
        return Likeness.SAME
    return Likeness.DIFFERENT if words and others and not words & others else Likeness.UNCLEAR


def _words(title: str | None) -> set[str]:
    return set(re.findall(r"\w[\w.]*", (title or "").casefold()))


def is_challenge(page: Page) -> bool:
    """Whether a page asks for a proof that a person reads it (Cloudflare marks it with `cf-mitigated`)."""
    title = (page.title or "").strip().casefold()
    return "cf-mitigated" in page.headers or title.startswith(_CHALLENGES)


def is_portal(page: Page) -> bool:
    """Whether an answer is a network's own demand to log in: status 511 (RFC 6585 §6) or the marks of WISPr."""
    return page.status == _LOGIN or _WISPR in (page.kept or b"")


def is_bare(page: Page) -> bool:
    """Whether a page looks forged into the connection: HTTP/1.0 and not one header, as no web server answers."""
    return not page.headers and page.protocol.upper().endswith("1.0")

"""Requests as a browser makes them, and the walk along redirects that remembers cookies."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

import httpx

from probes.scrub import scrub, scrub_url
from probes.steps.exchange import Head, Outgoing, RawHeaders, text_of
from probes.steps.url import WebAddress

_BROWSER = (
    ("User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "en-US,en;q=0.5"),
    ("Accept-Encoding", "gzip, deflate"),
)
"""What Firefox 140 ESR sends, but for the encodings that are not inflated here. No word says that this is a probe: a
censor who could tell would treat it otherwise than people (and people near it worse)."""
_NAVIGATION = (("Connection", "keep-alive"), ("Upgrade-Insecure-Requests", "1"))
_PLACES = frozenset({"location", "content-location", "referer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: as it is made, as it goes on the wire, and as it is recorded."""

    request: httpx.Request
    outgoing: Outgoing
    url: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """One walk along a chain of redirects; it carries the cookies from hop to hop."""

    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def ask(self, place: WebAddress, referer: str | None) -> Asked:
        """The request of a browser that comes from `referer`."""
        if referer is None and not self.cookies.jar:
            return _first(place.url)
        came_from = (("Referer", referer),) if referer else ()
        headers = [*_BROWSER, *came_from, *_NAVIGATION]
        return _asked(httpx.Request("GET", place.url, headers=headers, cookies=self.cookies))

    def remember(self, asked: Asked, head: Head) -> None:
        """Keep the cookies of a response; one that cannot be read is left out, without the library's own alarm."""
        if head.value(b"set-cookie") is None:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # http.cookiejar warns of "a bug" where an Expires has no such month
            response = httpx.Response(head.status, headers=list(head.headers), request=asked.request)
            self.cookies.extract_cookies(response)


@lru_cache(maxsize=1024)
def _first(url: str) -> Asked:
    """The request of somebody who comes from nowhere, the same each time; nobody changes it."""
    return _asked(httpx.Request("GET", url, headers=[*_BROWSER, *_NAVIGATION]))


def posted(place: WebAddress, content: bytes, media_type: str) -> Outgoing:
    """A POST of `content`, for an answer of the same type."""
    headers = [_BROWSER[0], ("Accept", media_type), ("Content-Type", media_type)]
    return _outgoing(httpx.Request("POST", place.url, headers=headers, content=content), content)


def _asked(request: httpx.Request) -> Asked:
    headers = recorded(tuple(request.headers.raw))
    return Asked(request=request, outgoing=_outgoing(request), url=scrub_url(str(request.url)), headers=headers)


def _outgoing(request: httpx.Request, content: bytes = b"") -> Outgoing:
    return Outgoing(
        method=request.method.encode("ascii"),
        scheme=request.url.raw_scheme,
        authority=request.url.netloc,
        target=request.url.raw_path,
        headers=tuple(request.headers.raw),
        body=content,
    )


def recorded(headers: RawHeaders) -> tuple[tuple[str, str], ...]:
    """Headers as text without anybody's address; a Location keeps its host, which is evidence.

    >>> recorded(((b"X-Client", b"192.0.2.7"), (b"Location", b"http://192.0.2.1/?ip=192.0.2.7")))
    (('X-Client', '[scrubbed]'), ('Location', 'http://192.0.2.1/?ip=[scrubbed]'))
    """
    together = text_of(b"\n".join(chain.from_iterable(headers)))
    texts = together.split("\n")
    names = texts[::2]
    plain = len(texts) == 2 * len(headers) and together.isascii() and _PLACES.isdisjoint(map(str.lower, names))
    if plain and scrub(together) == together:
        return tuple(zip(names, texts[1::2], strict=True))
    return tuple(_recorded(text_of(name), text_of(value)) for name, value in headers)


def _recorded(name: str, value: str) -> tuple[str, str]:
    return name, scrub_url(value) if name.lower() in _PLACES else scrub(value)

"""The internet that case files take for granted: the hosts that their `environment` lists, with pages of our own.

Addresses, names and behaviour are those of the simulated network in which the cases were first described
(webconnectivityqa of OONI's probe-cli); of its pages only title and length are kept, because only these matter to a
verdict. Where a site treats its censored visitor in another way than others, the views' names tell them apart.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from probes.testing.censor import Injection
from probes.testing.internet import PUBLIC_RESOLVERS, Internet, Response, Route, Site, page, redirect

PROBE = "probe"
"""The name of the view whose network censors."""
CONTROL = "control"
"""The name of the view whose network does not."""

_DATE = ("Date", "Thu, 24 Aug 2023 14:35:29 GMT")
_TYPE = ("Content-Type", "text/html; charset=utf-8")
_HTTP3 = ("Alt-Svc", 'h3=":443"')

_EXAMPLE = replace(
    page("Default Web Page", "An example of a page that anybody may read.", length=1533), headers=(_HTTP3, _DATE, _TYPE)
)
_BLOCKED = page("Access Denied", "This page may not be shown here.", length=188)
_PAGE_BY_FILTER = replace(_BLOCKED, headers=(_DATE, _TYPE))
_CHALLENGE = page("Just a moment...", "Checking that you are human.", status=503, length=8432)
_BAD_REQUEST = page("Bad request", "This server has no such name.", status=400)
_BLOB = Response(
    headers=(_HTTP3, _DATE, ("Content-Type", "application/octet-stream")),
    body=hashlib.shake_256(b"a large file").digest(64 * 1024),
    times=512,
)
_CLOUDFLARE_LIKE = (
    ("Cache-Control", "private, max-age=0"),
    ("Cf-Ray", "0000000000000000-FRA"),
    _TYPE,
    _DATE,
    ("Expires", "Thu, 01 Jan 1970 00:00:01 GMT"),
    ("Server", "cloudflare"),
    ("X-Frame-Options", "SAMEORIGIN"),
    _HTTP3,
    ("Nel", '{"max_age":604800}'),
    ("Permissions-Policy", "geolocation=()"),
    ("Report-To", '{"endpoints":[]}'),
)

INJECTED_PAGE = Injection(raw=b"HTTP/1.0 200 OK\r\n\r\n" + _BLOCKED.body)
"""The block page as an injector on the path sends it: a status line, no header at all, 188 bytes of page."""

_SHORT_LINKS = {
    "/21645": "https://www.example.com/",
    "/32447": "http://www.example.com/",
    "/24561": "https://example.com/",
    "/21309": "http://example.com/",
    "/30744": "https://www.example.org/",
    "/23894": "http://www.example.org/",
    "/30179": "https://example.org/",
    "/11372": "http://example.org/",
}
_LONGEST_CHAIN = 30


def _on(*hosts: str, to: Response, path: str = "", views: tuple[str, ...] = ()) -> Route:
    return Route(hosts=hosts, path=path, views=views, response=to)


_EXAMPLES = Site(
    names=("www.example.com", "example.com", "www.example.org", "example.org"),
    addresses=("93.184.216.34",),
    routes=(
        _on("www.example.com", "www.example.org", to=_EXAMPLE),
        _on("example.com", to=redirect("https://www.example.com/", 308)),
        _on("example.org", to=redirect("https://www.example.org/", 308)),
        _on(to=_BAD_REQUEST),
    ),
)
_SHORTENER = Site(
    names=("bit.ly", "bitly.com"),
    addresses=("67.199.248.11",),
    ports=(443,),
    routes=tuple(_on(path=path, to=redirect(location, 308)) for path, location in _SHORT_LINKS.items()),
)
_BAD_CERTIFICATES = Site(
    names=("wrong.host.badssl.com", "untrusted-root.badssl.com", "expired.badssl.com"),
    addresses=("104.154.89.105",),
    ports=(443,),
    certificate="unknown_authority",
    certificates={"wrong.host.badssl.com": "wrong_host", "expired.badssl.com": "expired"},
)
_SEARCH = Site(
    names=("yandex.com", "ya.ru", "xn--d1acpjx3f.xn--p1ai"),
    addresses=("5.255.255.80",),
    routes=(
        _on("ya.ru", to=_EXAMPLE),
        _on("yandex.com", to=redirect("https://ya.ru/", 308)),
        _on("xn--d1acpjx3f.xn--p1ai", to=redirect("https://yandex.com/", 308)),
        _on(to=_BAD_REQUEST),
    ),
)
_LARGE_FILE = Site(names=("largefile.com", "www.largefile.com"), addresses=("52.35.36.75",), routes=(_on(to=_BLOB),))
_SUSPICIOUS_OF_PROBES = Site(
    names=("www.cloudflare-cache.com",),
    addresses=("104.16.132.229",),
    routes=(
        _on(to=replace(_CHALLENGE, headers=_CLOUDFLARE_LIKE), views=(PROBE,)),
        _on(to=replace(_EXAMPLE, headers=_CLOUDFLARE_LIKE)),
    ),
)
_REDIRECTS = Site(
    names=("httpbin.com",),
    addresses=("172.67.144.64",),
    routes=(
        *(_on(path=f"/redirect/{left}", to=redirect(f"/redirect/{left - 1}")) for left in range(1, _LONGEST_CHAIN)),
        _on(path="/redirect/0", to=_EXAMPLE),
        _on(path="/broken-redirect-http", to=redirect("http://"), views=(PROBE,)),
        _on(path="/broken-redirect-https", to=redirect("https://"), views=(PROBE,)),
        _on(path="/broken-redirect-http", to=redirect("http://www.example.com/")),
        _on(path="/broken-redirect-https", to=redirect("https://www.example.com/")),
    ),
)
_FILTERS_PAGE = Site(names=(), addresses=("83.224.65.41",), ports=(80,), routes=(_on(to=_PAGE_BY_FILTER),))
_PROXY = Site(names=(), addresses=("130.192.182.17",), forwards=True)
_MORE_RESOLVERS = (
    Site(names=("mozilla.cloudflare-dns.com",), addresses=("172.64.41.4",), ports=(443,), resolver=True),
    Site(names=("dns.nextdns.io",), addresses=("38.175.119.129",), ports=(443,), resolver=True),
)

WORLD = Internet(
    sites=(
        _EXAMPLES,
        _SHORTENER,
        _BAD_CERTIFICATES,
        _SEARCH,
        _LARGE_FILE,
        _SUSPICIOUS_OF_PROBES,
        _REDIRECTS,
        _FILTERS_PAGE,
        _PROXY,
    ),
    resolvers=(*PUBLIC_RESOLVERS, *_MORE_RESOLVERS),
    records={"www.example.xyz": None, "itsat.info": None},
)
"""All of it. Two names are known not to exist; a name that is not mentioned at all is a case file's own host."""

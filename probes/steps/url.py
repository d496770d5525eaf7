"""URLs as a visit needs them: cleaned, their host in ASCII, and resolved against each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

import httpx

_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Status codes that a browser follows with a GET of ours (RFC 9110 §15.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """A place on the web: `host` is lower-case ASCII (punycode) or an IP address without brackets."""

    url: str
    scheme: str
    host: str
    port: int

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken there."""
        return self.scheme == "https"

    @property
    def literal(self) -> bool:
        """Whether the host is an IP address, which nobody has to look up."""
        return _is_literal(self.host)


@lru_cache(maxsize=4096)
def parse(text: str) -> WebAddress:
    """The place that a URL names, without user name, password and fragment; ValueError says what is wrong with it.

    >>> parse("HTTPS://KLOOP.kg/news?id=1#top")
    WebAddress(url='https://kloop.kg/news?id=1', scheme='https', host='kloop.kg', port=443)
    >>> parse("http://яндекс.рф:8080").url
    'http://xn--d1acpjx3f.xn--p1ai:8080/'
    """
    try:
        url = httpx.URL(text.strip())
        return _place(url)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError(f"not a URL: {error}") from error


def follow(base: WebAddress, location: str) -> WebAddress | None:
    """Where a redirect from `base` leads, or None where it leaves the web (`mailto:`, `intent:` …).

    ValueError where the target has no host or none that can exist.

    >>> follow(parse("https://kloop.kg/ru/"), "../about").url
    'https://kloop.kg/about'
    >>> follow(parse("https://kloop.kg/"), "intent://kloop.kg") is None
    True
    """
    try:
        target = httpx.URL(location)
        if target.scheme and target.scheme not in _PORTS:
            return None
        if target.is_absolute_url or not target.scheme:
            return _place(httpx.URL(base.url).join(target))
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError(f"not a URL: {error}") from error
    raise ValueError("no host")


def _place(url: httpx.URL) -> WebAddress:
    if url.scheme not in _PORTS:
        raise ValueError("the URL must begin with http:// or https://")
    host = url.raw_host.decode("ascii").rstrip(".").removeprefix("[").removesuffix("]")
    if not host:
        raise ValueError("the URL has no host")
    if not _is_literal(host) and not _can_exist(host):
        raise ValueError(f"{host[:80]!r} cannot be a host name")
    port = _PORTS[url.scheme] if url.port is None else url.port
    if not 0 < port < 65536:
        raise ValueError(f"port {port} does not exist")
    clean = url.copy_with(username=None, password=None, fragment=None, host=host, raw_path=url.raw_path)
    return WebAddress(url=str(clean), scheme=url.scheme, host=host, port=port)


def _can_exist(host: str) -> bool:
    """RFC 1035 §2.3.4: labels of 1 to 63 octets, 253 in all; the underscore is wrong (RFC 952) and in use."""
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.split("."))


@lru_cache(maxsize=4096)
def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host

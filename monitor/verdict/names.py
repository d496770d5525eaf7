"""Host names: the one in a URL, and whether two belong to one site."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "go", "info", "mil", "net", "ne", "or", "org"})
"""Second-level labels under which country registries sell names (`com.kg`, `co.uk`); a short Public Suffix List."""


def host_of(url: str) -> str:
    """The host of a URL in lower case without a final dot; empty for what is no URL.

    >>> host_of("https://WWW.Kloop.kg:8443/news"), host_of("http://[")
    ('www.kloop.kg', '')
    """
    try:
        return (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


def is_https(url: str) -> bool:
    """Whether a URL asks for TLS."""
    return url[:8].lower() == "https://"


def port_of(url: str) -> int:
    """The port that a URL means; 0 for what is no URL.

    >>> port_of("https://kloop.kg/"), port_of("http://kloop.kg:8080/"), port_of("http://kloop.kg:x/")
    (443, 8080, 0)
    """
    try:
        return urlsplit(url).port or (443 if is_https(url) else 80)
    except ValueError:
        return 0


def is_address(host: str) -> bool:
    """Whether a host is written as an IP address, so that no resolver was asked."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def site_of(host: str) -> str:
    """The name that somebody registered: the last two labels, three below `com.kg` and its like.

    >>> site_of("ky.kloop.kg"), site_of("www.example.com.kg"), site_of("24.kg")
    ('kloop.kg', 'example.com.kg', '24.kg')
    """
    if is_address(host):
        return host
    labels = host.split(".")
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if deep else labels[-2:])


def same_site(one: str, other: str) -> bool:
    """Whether two hosts belong to one registered name."""
    return bool(one) and site_of(one) == site_of(other)

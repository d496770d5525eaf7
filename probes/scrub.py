"""What must not leave the machine in a record: addresses of the person who measures, wherever a page prints them.

Block pages often show the visitor's own address, and errors of the operating system name local ones. Every IP address
that is written as a literal, with or without a port, and every MAC address is therefore replaced, even where it is
harmless: a rule that asks which address is whose would one day be wrong. `Chrome/120.0.0.0` looks like an address and
goes too. Colons may be percent-encoded, as in a URL's query. Addresses in other clothes (base64, `host-192-0-2-7`) are
not recognised here; those that this machine knows to be its own are found by `probes.own`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

SCRUBBED = "[scrubbed]"
"""What OONI writes in the same place (df-001), so that readers of both know it."""

_SHORTEST_HOST = 4

# Each pattern is bounded everywhere, so that a hostile page cannot make the search slow.
_GROUP = r"[0-9A-Fa-f]{1,4}"
_DOTTED = r"\d{1,3}(?:\.\d{1,3}){3,}"
_COLON = r"(?::|%3[Aa])"
_TAIL = rf"{_GROUP}(?:{_COLON}{_GROUP}){{0,6}}(?:(?:\.\d{{1,3}}){{3}})?"
_ADDRESS = re.compile(
    r"(?:(?<!\w)|(?<=%3[Dd])|(?<=%2[0-9A-Fa-f]))(?:"  # at the beginning of a word; a percent-encoded sign ends one
    r"(?:[0-9A-Fa-f]{2}(:|-|%3[Aa])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2})"  # MAC
    rf"|{_GROUP}(?:{_COLON}{_GROUP}){{0,6}}{_COLON}{{2}}(?:{_TAIL})?"  # IPv6, shortened
    rf"|{_COLON}{{2}}{_TAIL}"  # IPv6 that begins with zeros
    rf"|(?:{_GROUP}{_COLON}){{6}}(?:{_GROUP}{_COLON}{_GROUP}|{_DOTTED})"  # IPv6 in full
    rf")(?!\w)|{_DOTTED}(?::\d{{1,5}})?",  # IPv4, and anything that looks like it
    re.ASCII,
)
_CORES = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"\.\d{1,3}\.\d{1,3}\.\d",
        rf":(?:{_COLON}|{_GROUP}{_COLON}{_GROUP}{_COLON})",
        rf"%3[Aa](?:{_COLON}|{_GROUP}{_COLON}{_GROUP}{_COLON})",
        r"-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-",
    )
)
"""One of these is in the middle of whatever `_ADDRESS` finds. Each begins with a character of its own, which the search
skips to: a page of 60 kB takes 0.1 ms so, and 9 ms with `_ADDRESS` tried at each character."""
_SIGNS = "0123456789ABCDEFabcdef:.%-"
"""All that an address is written with; what `_ADDRESS` finds lies within one stretch of them."""
_STRETCH = re.compile(r"[0-9A-Fa-f:.%-]*")
_AROUND = re.compile(r"\[\[scrubbed\](?:%[\w.-]{1,16})?\](?::\d{1,5})?|\[scrubbed\]%[\w.-]{1,16}", re.ASCII)


def scrub(text: str, host: str = "") -> str:
    """`text` without IP addresses, MAC addresses and, where it is given, the name of this machine.

    >>> scrub("connect to 192.0.2.7:443 from [2001:db8::1%eth0]:50000 (02:fc:00:00:00:01) failed")
    'connect to [scrubbed] from [scrubbed] ([scrubbed]) failed'
    >>> scrub("a::before { width: 10px } at 12:34:56, mapped ::ffff:192.0.2.7")
    'a::before { width: 10px } at 12:34:56, mapped [scrubbed]'
    >>> scrub("?ip=2001%3Adb8%3A%3A7&m=02-fc-00-00-00-01")
    '?ip=[scrubbed]&m=[scrubbed]'
    >>> scrub("lookup on anna-laptop failed", host="anna-laptop")
    'lookup on [scrubbed] failed'
    """
    scrubbed = _without_addresses(text)
    if SCRUBBED in scrubbed:
        scrubbed = _AROUND.sub(SCRUBBED, scrubbed)
    if len(host) >= _SHORTEST_HOST and host.lower() != "localhost":
        scrubbed = re.sub(rf"(?<!\w){re.escape(host)}(?!\w)", SCRUBBED, scrubbed, flags=re.IGNORECASE)
    return scrubbed


def _without_addresses(text: str) -> str:
    """The same as `_ADDRESS.sub(SCRUBBED, text)`, but the search is made only where an address can be."""
    kept: list[str] = []
    at = 0
    for start, end in sorted(set(_suspects(text))):
        for found in _ADDRESS.finditer(text, start, end + 1):  # the sign after it decides whether it ends there
            kept += (text[at : found.start()], SCRUBBED)
            at = found.end()
    return "".join((*kept, text[at:])) if kept else text


def _suspects(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of signs around each core; in all no slower than the text is long, however hostile it is."""
    for core in _CORES:
        at = 0
        while (found := core.search(text, at)) is not None:
            start = at + len(text[at : found.start()].rstrip(_SIGNS))
            stretch = _STRETCH.match(text, found.end())
            assert stretch is not None, "it matches the empty string too"
            at = stretch.end()
            yield start, at


def scrub_bytes(raw: bytes, host: str = "") -> bytes:
    """The same for bytes of any encoding that writes ASCII as ASCII; all other bytes stay as they are.

    >>> scrub_bytes("ваш адрес 192.0.2.7".encode()).decode()
    'ваш адрес [scrubbed]'
    """
    return scrub(raw.decode("latin-1"), host).encode("latin-1")


def scrub_url(url: str) -> str:
    """A URL whose host stays, because it is evidence, and whose path, query and fragment are scrubbed.

    Text that is no URL is scrubbed as text.

    >>> scrub_url("http://192.0.2.1/blocked?client=198.51.100.7&at=1")
    'http://192.0.2.1/blocked?client=[scrubbed]&at=1'
    """
    try:
        scheme, netloc, *rest = urlsplit(url)
    except ValueError:
        return scrub(url)
    return urlunsplit((scheme, netloc, *(scrub(part) for part in rest)))

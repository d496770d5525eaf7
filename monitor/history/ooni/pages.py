"""The HTTP part of OONI's documents: requests, responses and bodies in all the forms that they took."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from monitor.history.ooni.loose import blob, record, text, whole
from monitor.history.ooni.place import endpoint, times
from monitor.history.ooni.words import failure
from probes.model import Body, HTTPRoundTrip

KEPT = 32 * 1024
"""Bodies up to this size are kept whole: block pages are smaller, and the original document holds the rest."""
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,2000})</title", re.IGNORECASE)
_TITLE_WITHIN = 64 * 1024


def round_trip(hop: int, entry: Mapping[str, Any]) -> HTTPRoundTrip:
    """One entry of `requests`, as the given hop of the redirect chain."""
    request, response = record(entry.get("request")), record(entry.get("response"))
    url = text(request.get("url"))
    started, duration = times(entry)
    status = whole(response.get("code")) or None
    failed = failure(entry.get("failure"))
    if failed is None and status is None:
        failed = failure("unknown_failure: no response was recorded")
    address, port = endpoint(entry.get("address")) or ("", _port(url))
    return HTTPRoundTrip(
        hop=hop,
        url=url,
        address=address,
        port=port,
        started=started,
        duration=duration,
        failure=failed,
        method=text(request.get("method")) or "GET",
        request_headers=headers_of(request),
        status=status,
        protocol=text(entry.get("alpn")),
        headers=headers_of(response),
        body=body_of(response),
    )


def body_of(response: Mapping[str, Any]) -> Body | None:
    """What is known of a response body; None where the document has none."""
    content = blob(response.get("body"))
    if content is None:
        return None
    return Body(
        length=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        title=title_of(content),
        truncated=response.get("body_is_truncated") is True,
        kept=content if len(content) <= KEPT else None,
    )


def title_of(content: bytes) -> str | None:
    """The title of an HTML page, without entities and runs of spaces.

    >>> title_of(b"<html><TITLE>Kloop &amp;\\n friends</TITLE>"), title_of(b"plain")
    ('Kloop & friends', None)
    """
    found = _TITLE.search(content[:_TITLE_WITHIN])
    return " ".join(html.unescape(found[1].decode(errors="replace")).split()) if found else None


def headers_of(message: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The headers of a request or response, from the list of pairs or else from the map, whose values may be lists.

    >>> headers_of({"headers": {"A": "1", "B": ["2", "3"], "C": {"format": "base64", "data": "NA=="}}})
    (('A', '1'), ('B', '2'), ('B', '3'), ('C', '4'))
    """
    listed = message.get("headers_list")
    pairs = [pair for pair in listed if isinstance(pair, list) and len(pair) == 2] if isinstance(listed, list) else []
    if not pairs:
        pairs = [[name, value] for name, value in record(message.get("headers")).items()]
    return tuple(
        (text(name), content.decode(errors="replace"))
        for name, value in pairs
        for content in map(blob, value if isinstance(value, list) else [value])
        if text(name) and content is not None
    )


def _port(url: str) -> int:
    try:
        parts = urlsplit(url)
        return parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return 0

"""The http-diff keys: status, length, headers and title of the last answer beside the control's."""

from __future__ import annotations

from dataclasses import dataclass

from probes.model import HTTPRoundTrip

_COMMON = frozenset(
    {
        "accept-ranges",
        "age",
        "cache-control",
        "cf-ray",
        "content-encoding",
        "content-language",
        "content-type",
        "date",
        "etag",
        "expires",
        "last-modified",
        "link",
        "location",
        "p3p",
        "pragma",
        "server",
        "set-cookie",
        "strict-transport-security",
        "vary",
        "via",
        "x-content-type-options",
        "x-frame-options",
        "x-powered-by",
        "x-varnish",
        "x-xss-protection",
    }
)
"""OONI's list of header names that prove no kinship. Content-Length is not on it, and that is one of its weak spots."""
_ALIKE = 0.7
_WORD = 5
"""Bytes (not characters) that a title's word needs to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The five keys; None means that the peer would not say."""

    status_code_match: bool | None = None
    body_proportion: float = 0.0
    body_length_match: bool | None = None
    headers_match: bool | None = None
    title_match: bool | None = None

    @property
    def differs(self) -> bool:
        """The peer's judgement; a status that it would not compare counts as a difference."""
        alike = (self.body_length_match, self.headers_match, self.title_match)
        return not (self.status_code_match is True and any(one is True for one in alike))


def difference(trip: HTTPRoundTrip, control: HTTPRoundTrip) -> Difference:
    """The keys for one answer and the control's; both are taken to have succeeded."""
    proportion = _proportion(trip, control)
    return Difference(
        status_code_match=_status(trip.status or 0, control.status or 0),
        body_proportion=proportion or 0.0,
        body_length_match=None if proportion is None else proportion > _ALIKE,
        headers_match=bool(_telling(trip) & _telling(control)),
        title_match=_words(trip) == _words(control),
    )


def _status(status: int, control: int) -> bool | None:
    if status == control:
        return True
    return False if 200 <= control < 300 else None


def _proportion(trip: HTTPRoundTrip, control: HTTPRoundTrip) -> float | None:
    """Shorter through longer body; None where one is empty or ours was cut."""
    one, other = trip.body, control.body
    if one is None or other is None or one.truncated or not one.length or not other.length:
        return None
    return min(one.length, other.length) / max(one.length, other.length)


def _telling(trip: HTTPRoundTrip) -> set[str]:
    return {name.lower() for name, _ in trip.headers} - _COMMON


def _words(trip: HTTPRoundTrip) -> set[str]:
    title = (trip.body.title if trip.body else None) or ""
    return {word.lower() for word in title.split(" ") if len(word.encode(errors="surrogatepass")) >= _WORD}

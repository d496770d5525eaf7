"""Which stretch of time a timeline shows: named lengths, or two times in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.web.language import mark
from probes.document import moment, rfc3339

LENGTHS: Mapping[str, tuple[timedelta, str]] = {
    "10m": (timedelta(minutes=10), mark("10 minutes")),
    "1h": (timedelta(hours=1), mark("1 hour")),
    "6h": (timedelta(hours=6), mark("6 hours")),
    "24h": (timedelta(hours=24), mark("24 hours")),
    "7d": (timedelta(days=7), mark("7 days")),
    "30d": (timedelta(days=30), mark("30 days")),
    "90d": (timedelta(days=90), mark("90 days")),
    "1y": (timedelta(days=365), mark("1 year")),
}

_FINE = timedelta(days=8)
"""Up to here single measurements are drawn; beyond, counts per day (8 days at 5 minutes are 2304 results a series)."""
_USUAL = timedelta(days=7)
_FIRST = datetime(1990, 1, 1, tzinfo=UTC)
"""Nothing on the web is older."""


class WindowError(ValueError):
    """An address that asks for a stretch of time that is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """[since, until)."""

    since: datetime
    until: datetime

    @property
    def by_day(self) -> bool:
        """True where it is too long for single measurements."""
        return self.until - self.since > _FINE

    def moved(self, lengths: float) -> Mapping[str, str | None]:
        """Query parameters of the window that many lengths later (or earlier)."""
        by = (self.until - self.since) * lengths
        return {"since": rfc3339(self.since + by), "until": rfc3339(self.until + by), "range": None}


def window(query: Mapping[str, str], known: tuple[datetime, datetime] | None, now: datetime) -> Window:
    """The window that the address asks for; without a wish, one that shows what is `known` (first and last result).

    WindowError for a time that is none, an unknown length, or an end that is not after the start.
    """
    if "since" in query or "until" in query:
        return _between(query, now)
    if (name := query.get("range")) == "all" or (name is None and known is not None and now - known[1] > _USUAL):
        return _whole(known, now)
    if name is not None and name not in LENGTHS:
        raise WindowError(name)
    length = LENGTHS[name][0] if name else _fitting(known, now)
    return Window(since=now - length, until=now)


def _between(query: Mapping[str, str], now: datetime) -> Window:
    until = _time(query["until"]) if "until" in query else now
    since = _time(query["since"]) if "since" in query else until - _USUAL
    if not _FIRST <= since < until <= now + timedelta(days=366):
        raise WindowError("since")
    return Window(since=since, until=until)


def _time(text: str) -> datetime:
    """A date or an RFC 3339 time; a date begins at midnight UTC."""
    try:
        return moment(f"{text}T00:00:00Z" if len(text) == len("2026-01-18") else text)
    except (ValueError, OverflowError) as fault:
        raise WindowError(text) from fault


def _whole(known: tuple[datetime, datetime] | None, now: datetime) -> Window:
    """All that is known, with a little room on both sides."""
    if known is None:
        return Window(since=now - _USUAL, until=now)
    room = max((known[1] - known[0]) / 20, timedelta(minutes=5))
    return Window(since=known[0] - room, until=min(known[1] + room, max(now, known[1] + timedelta(minutes=5))))


def _fitting(known: tuple[datetime, datetime] | None, now: datetime) -> timedelta:
    """The shortest named length that shows everything, at most the usual one."""
    age = timedelta(0) if known is None else now - known[0]
    if known is None:
        return _USUAL
    return next((length for length, _ in LENGTHS.values() if age <= length <= _USUAL), _USUAL)

"""Documented dates: text as precise as the document was, and the stretch of UTC in which it can have happened."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

PRECISIONS = ("minute", "day", "month", "year", "unknown")
"""From fine to coarse; `unknown` is for claims that have a window and no date."""

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?P<second>:\d{2}(?:\.\d{1,6})?)?(?:[Zz]|[-+]\d{2}:\d{2})?", re.ASCII
)
_YEARS = range(1980, 2201)


class NotADateError(ValueError):
    """Text that is no year, month, day or time that exists."""


def zone(name: str) -> tzinfo:
    """The time zone of an IANA name such as Asia/Bishkek; LookupError where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise LookupError(name) from None


def precision(text: str) -> str:
    """How precise a documented date is; NotADateError where it is none.

    >>> [precision(text) for text in ("2023", "2023-11", "2023-09-12", "2023-09-12T15:30+06:00")]
    ['year', 'month', 'day', 'minute']
    """
    span(text, UTC)
    matched = _DATE.fullmatch(text)
    return "minute" if matched is None else {1: "year", 2: "month", 3: "day"}[matched.lastindex or 1]


def span(text: str, local: tzinfo) -> tuple[datetime, datetime]:
    """First moment and first moment after a documented date, in UTC; a date, or a time without zone, is local.

    >>> [str(edge) for edge in span("2023-09-12", zone("Asia/Bishkek"))]
    ['2023-09-11 18:00:00+00:00', '2023-09-12 18:00:00+00:00']
    >>> [str(edge) for edge in span("2023-09-12T15:30", zone("Asia/Bishkek"))]
    ['2023-09-12 09:30:00+00:00', '2023-09-12 09:31:00+00:00']
    """
    try:
        matched = _DATE.fullmatch(text)
        start, end = _date(matched, local) if matched else _time(text, local)
    except (ValueError, OverflowError):
        raise NotADateError(text) from None
    return start.astimezone(UTC), end.astimezone(UTC)


def window(first: str, last: str, local: tzinfo) -> tuple[datetime, datetime]:
    """The half-open UTC interval from the beginning of one date to the end of another.

    >>> [str(edge) for edge in window("2023-11", "2023-11-09", zone("Asia/Bishkek"))]
    ['2023-10-31 18:00:00+00:00', '2023-11-09 18:00:00+00:00']
    """
    return span(first, local)[0], span(last, local)[1]


def _date(matched: re.Match[str], local: tzinfo) -> tuple[datetime, datetime]:
    year, month, day = (int(part) if part else None for part in matched.groups())
    if year not in _YEARS:
        raise NotADateError(matched[0])
    assert year is not None
    start = datetime(year, 1 if month is None else month, 1 if day is None else day, tzinfo=local)
    if day:
        return start, _local_day(start + timedelta(days=1))
    if month:
        return start, _local_day(start + timedelta(days=32)).replace(day=1)
    return start, datetime(year + 1, 1, 1, tzinfo=local)


def _local_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0)


def _time(text: str, local: tzinfo) -> tuple[datetime, datetime]:
    matched = _TIME.fullmatch(text)
    start = datetime.fromisoformat(text.upper())
    if matched is None or start.year not in _YEARS:
        raise NotADateError(text)
    start = start if start.tzinfo else start.replace(tzinfo=local)
    return start, start + timedelta(seconds=1 if matched["second"] else 60)

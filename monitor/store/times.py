"""Moments and days as the whole numbers that the tables hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

HOUR = 3_600_000_000
"""Microseconds."""
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST_DAY = _EPOCH.date().toordinal()


def microseconds(moment: datetime) -> int:
    """An aware datetime as whole microseconds since 1970 in UTC; ValueError for a time without a zone.

    >>> microseconds(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return (moment - _EPOCH) // _MICROSECOND


def moment(count: int) -> datetime:
    """The aware UTC datetime so many microseconds after 1970.

    >>> moment(1_000_005).isoformat()
    '1970-01-01T00:00:01.000005+00:00'
    """
    return _EPOCH + count * _MICROSECOND


def day_number(day: date) -> int:
    """A UTC day as days since 1970.

    >>> day_number(date(1970, 1, 2)), day(1)
    (1, datetime.date(1970, 1, 2))
    """
    return day.toordinal() - _FIRST_DAY


def day(number: int) -> date:
    """The UTC day so many days after 1970."""
    return date.fromordinal(number + _FIRST_DAY)

"""A recipient's own clock: quiet hours, days and digests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.alert.settings import Digest, Quiet

_DAY = timedelta(days=1)


def local(moment: datetime, timezone: str) -> datetime:
    """The moment on the recipient's clock."""
    return moment.astimezone(ZoneInfo(timezone))


def quiet_until(moment: datetime, quiet: Quiet, timezone: str) -> datetime | None:
    """When the quiet hours end that hold at this moment (UTC), or None where none do; they may cross midnight.

    >>> from datetime import time
    >>> nights = Quiet(begins=time(22), ends=time(7))
    >>> quiet_until(datetime(2026, 1, 5, 20, tzinfo=UTC), nights, "Asia/Bishkek").isoformat()
    '2026-01-06T01:00:00+00:00'
    >>> quiet_until(datetime(2026, 1, 5, 12, tzinfo=UTC), nights, "Asia/Bishkek") is None
    True
    """
    here = local(moment, timezone)
    clock = here.time().replace(tzinfo=None)
    over_midnight = quiet.ends <= quiet.begins
    if over_midnight:
        if quiet.ends <= clock < quiet.begins:
            return None
    elif not quiet.begins <= clock < quiet.ends:
        return None
    day = here.date() + _DAY if over_midnight and clock >= quiet.begins else here.date()
    return datetime.combine(day, quiet.ends, ZoneInfo(timezone)).astimezone(UTC)


def digest_before(moment: datetime, digest: Digest, timezone: str) -> datetime:
    """The last moment (UTC) at or before this one at which a digest is due.

    >>> digest_before(datetime(2026, 1, 7, 1, tzinfo=UTC), Digest(weekly=True), "Asia/Bishkek").isoformat()
    '2026-01-05T02:00:00+00:00'
    """
    here = local(moment, timezone)
    day = here.date() - (_DAY if here.time().replace(tzinfo=None) < digest.at else timedelta())
    if digest.weekly:
        day -= timedelta(days=day.weekday())
    return datetime.combine(day, digest.at, ZoneInfo(timezone)).astimezone(UTC)

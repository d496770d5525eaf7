"""Arithmetic of intervals: do two overlap, and how many days lie between them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeAlias

from monitor.model import Claim, Interval

Window: TypeAlias = tuple[datetime, datetime]
"""A claim's interval: the end excluded."""

DAY = timedelta(days=1)
NEAR = timedelta(days=3)
"""An edge this far from a claim's date still agrees with it: before autumn 2025 a Kyrgyz order reached provider after
provider by letter, over days (OCCRP, 15 November 2024)."""
NEAR_MINUTES = timedelta(hours=1)
"""The same for a claim that is precise to the minute (ours)."""


def near(claim: Claim) -> timedelta:
    """How far an edge may lie from a claim's dates and still agree."""
    return NEAR_MINUTES if claim.precision == "minute" else NEAR


def overlaps(edge: Interval, window: Window) -> bool:
    """Whether an event's edge can lie in a claim's interval; open to the past, it may be any earlier time.

    >>> from datetime import UTC
    >>> day = [datetime(2023, 9, n, tzinfo=UTC) for n in range(1, 30)]
    >>> overlaps((day[10], day[12]), (day[11], day[13])), overlaps((None, day[12]), (day[14], day[16]))
    (True, False)
    """
    earliest, latest = edge
    return (earliest is None or earliest < window[1]) and latest >= window[0]


def distance(edge: Interval, window: Window) -> float:
    """Days from a claim's interval to an event's edge: 0 where they overlap, below 0 where the event was earlier.

    >>> from datetime import UTC
    >>> day = [datetime(2023, 9, n, tzinfo=UTC) for n in range(1, 30)]
    >>> distance((day[3], day[4]), (day[6], day[8])), distance((day[9], day[10]), (day[6], day[8]))
    (-2.0, 1.0)
    """
    earliest, latest = edge
    if overlaps(edge, window):
        return 0.0
    if latest < window[0]:
        return (latest - window[0]) / DAY
    assert earliest is not None
    return (earliest - window[1]) / DAY


def width(edge: Interval) -> timedelta | None:
    """How long an event's edge is uncertain; None where it is open to the past.

    >>> width((None, datetime(2023, 9, 1)))
    """
    return None if edge[0] is None else edge[1] - edge[0]

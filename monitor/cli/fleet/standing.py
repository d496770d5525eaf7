"""How a vantage point of the fleet stands, as one row: what `list` and `show` say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.fleet import Flag, Member, Status
from monitor.model import VantageStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One member, with what follows from the moment and from the store."""

    vantage: str
    country: str
    network: str
    role: str
    status: str
    """pending, approved, revoked, replaced, gone; or quarantined, which is approved without a vote."""
    health: str
    why: str
    """Why it is not healthy, or why it is quarantined or revoked."""
    seen: datetime | None
    lag: float | None
    """Seconds since the newest of its measurements was made; None before the first."""
    waiting: int
    lost: float
    """Share of what it made that never arrives."""
    accepted: int
    software: str
    risk: int
    """The version of the risk text that its operator agreed to."""
    consented: str
    flags: tuple[str, ...]
    offset: float | None
    key: str


def standing(member: Member, health: Mapping[str, VantageStatus], flags: Iterable[Flag], now: datetime) -> Standing:
    """The row of a member."""
    status = health.get(member.vantage)
    quarantined = member.live and member.quarantined is not None and member.status is Status.APPROVED
    return Standing(
        vantage=member.vantage,
        country=member.country,
        network=member.network,
        role=member.role,
        status="quarantined" if quarantined else member.status.value,
        health=status.health.value if status else "unknown",
        why=member.why or (status.why if status else ""),
        seen=member.seen,
        lag=None if member.newest is None else max((now - member.newest).total_seconds(), 0.0),
        waiting=member.waiting,
        lost=round(member.lost, 4),
        accepted=member.accepted,
        software=member.software,
        risk=member.risk,
        consented=member.consented,
        flags=tuple(sorted(flag.kind for flag in flags if flag.key == member.key)),
        offset=member.offset,
        key=member.key,
    )


def ago(seconds: float | None) -> str:
    """A span for people, in its largest unit.

    >>> ago(None), ago(42), ago(5400), ago(3 * 86400)
    ('never', '42 s', '90 min', '72 h')
    """
    if seconds is None:
        return "never"
    for unit, size, most in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 100 * 3600)):
        if seconds < most:
            return f"{seconds / size:.0f} {unit}"
    return f"{timedelta(seconds=seconds).days} d"

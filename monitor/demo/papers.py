"""What Demoland's newspapers wrote: the documented dates that the demo is checked against, one of them wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.model import Claim, Source
from probes.document import rfc3339

MARGIN = timedelta(seconds=3)
"""Newspapers are no clocks: each claim is a few seconds wide on either side."""


def claims(start: datetime, pace: float) -> tuple[Claim, ...]:
    """The claims about a script that began at `start` and takes `pace` times its written length.

    >>> from datetime import UTC
    >>> [claim.id for claim in claims(datetime(2026, 1, 1, tzinfo=UTC), 1.0)][:2]
    ['herald-blocked', 'herald-unblocked']
    """

    def claim(name: str, kind: str, since: float, until: float, says: str) -> Claim:
        first = start.replace(microsecond=0) + timedelta(seconds=since * pace) - MARGIN
        last = start.replace(microsecond=0) + timedelta(seconds=until * pace) + MARGIN
        return Claim(
            id=name,
            target=name.partition("-")[0],
            country="XD",
            kind=kind,
            date=rfc3339(first),
            precision="minute",
            interval=(first, last),
            weight="strong",
            networks=("AS64501",) if name == "courier-blocked" else (),
            sources=(Source(url="doc: the demo's own script", tier="simulated", says=says),),
            simulated=True,
        )

    return (
        claim("herald-blocked", "blocked", 24, 31, "The Herald says that two providers deny its name."),
        claim("herald-unblocked", "unblocked", 84, 85, "The Herald thanks its readers: the name resolves again."),
        claim("lantern-blocked", "blocked", 38, 39, "Lantern reports cut connections on two networks."),
        claim("lantern-unblocked", "unblocked", 92, 93, "Lantern can be read again."),
        claim("courier-blocked", "blocked", 48, 49, "Readers of the Courier see a notice instead of it."),
        claim(
            "courier-earlier",
            "blocked",
            -7 * 86400,
            -6 * 86400,
            "An old post dates the notice to last week.",
        ),
        claim(
            "market-rumour",
            "blocked",
            60,
            70,
            "A rumour says that market prices are blocked too. It is wrong.",
        ),
        claim("weather-outage", "look_alike", 56, 80, "The weather service had a power cut; nobody blocked it."),
    )

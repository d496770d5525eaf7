"""The demo's clockwork: its configuration, its networks, and the script that changes them while the app measures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from monitor.config import BurstSettings, ExperimentSettings, ScheduleSettings, Settings, Station
from monitor.demo.country import LENGTH, POINTS, SCRIPT, TARGETS, down_at, rules_at, turns
from monitor.demo.papers import claims
from monitor.demo.readers import alerts
from monitor.detect.settings import DetectorSettings
from probes.model import DoHServer, Echo, Limits, Resolvers
from probes.testing import Internet, Loopback, View

CADENCE = 3.0
"""Seconds between two measurements of a pair in a script of full length: ten minutes, 200 times as fast."""
USUAL = timedelta(minutes=10)
LIMITS = Limits(dns=1.5, dns_linger=0.05, tcp=1.5, tls=1.5, http=2.0, total=6.0)


def settings(start: datetime, pace: float, echo: Echo | None = None) -> Settings:
    """The demo's configuration: as `targets.yaml` would give it, for a script that begins at `start`.

    With an `echo` host names are swapped as well when something fails, as often as in a real country beside the faster
    schedule. `pace` stretches the script: 1.0 plays its 120 seconds in two minutes.
    """
    interval = timedelta(seconds=CADENCE * pace)
    return Settings(
        path=Path("demo"),
        targets=TARGETS,
        vantage_points=tuple(Station(point=point) for point in POINTS),
        resolvers=Resolvers(udp="9.9.9.9", doh=DoHServer(url="https://dns.google/dns-query", address="8.8.8.8")),
        schedule=ScheduleSettings(interval=interval, concurrency=24),
        experiments=ExperimentSettings(echo=echo, burst=_burst(interval / USUAL)),
        limits=LIMITS,
        detection=DetectorSettings().scaled(interval / USUAL),
        timezone="UTC",
        alerts=alerts(interval / USUAL),
        documented=claims(start, pace),
        simulated=True,
    )


def _burst(factor: float) -> BurstSettings:
    """The usual burst, faster; one at a time for each vantage point, since all of them share this laptop."""
    usual = BurstSettings()
    return BurstSettings(
        after=tuple(each * factor for each in usual.after),
        hold_off=usual.hold_off * factor,
        at_once=1,
        per_hour=1000,
        rest=usual.rest * factor,
        controls_apart=usual.controls_apart * factor,
    )


def views(lab: Loopback) -> dict[str, View]:
    """One network per vantage point, none of them censored yet."""
    return {point.id: lab.network(point.id) for point in POINTS}


async def play(lab: Loopback, networks: Mapping[str, View], pace: float, tell: Callable[[str], None]) -> None:
    """Change the lab as the script says, `tell` each change when it happens, and return at the script's end."""
    loop = asyncio.get_running_loop()
    start, quiet = loop.time(), lab.internet
    for moment in (*turns(), LENGTH):
        await asyncio.sleep(max(0.0, start + moment * pace - loop.time()))
        _set(lab, networks, moment, quiet)
        for turn in SCRIPT:
            if turn.begins == moment:
                tell(turn.said)
            elif turn.ends == moment:
                tell(f"over: {turn.said}")


def _set(lab: Loopback, networks: Mapping[str, View], at: float, quiet: Internet) -> None:
    for name, view in networks.items():
        view.rules = rules_at(name, at)
    internet = quiet
    for site in down_at(at):
        internet = internet.with_state(site, "refusing")
    lab.internet = internet

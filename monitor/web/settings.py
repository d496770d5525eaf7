"""What the pages need of the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from importlib import metadata

from monitor.access import UserRole
from monitor.blackbox import Modules
from monitor.config.settings import Milestone, Settings
from monitor.metrics.glance import FRESH
from monitor.model import Claim
from monitor.pipeline import PipelineSettings
from probes.model import Target, VantagePoint


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """Plain records, so that a page can be made without a file."""

    title: str = "Press Canary"
    targets: tuple[Target, ...] = ()
    vantage_points: tuple[VantagePoint, ...] = ()
    claims: tuple[Claim, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    hosts: tuple[str, ...] = ()
    """Host names under which the page may be asked for, beside those of the loopback interface."""
    fresh: timedelta = FRESH
    """How long a result stands for the present."""
    walk: PipelineSettings = field(default_factory=PipelineSettings)
    """What events are found with."""
    refresh: int = 60
    """Seconds after which the front page loads itself anew; 0 for never."""
    simulated: bool = False
    public: bool = False
    """Strangers see likely and confirmed events only …"""
    sign_in: bool = False
    """… or nothing at all; with neither, whoever reaches the page sees everything, as on one's own machine."""
    proxies: tuple[str, ...] = ()
    user_header: str | None = None
    user_role: str = "viewer"
    rate: int = 600
    blackbox: Modules | None = None
    """What `/probe` can be asked for; None: there is no such page."""
    blackbox_allow: tuple[str, ...] = ()

    @property
    def guarded(self) -> bool:
        """Whether anybody has to sign in for anything."""
        return self.public or self.sign_in

    @property
    def strangers(self) -> UserRole:
        """What somebody is who did not sign in, where that is asked for."""
        return UserRole.PUBLIC if self.public else UserRole.NOBODY

    @classmethod
    def of(cls, settings: Settings, *, refresh: int = 60) -> PageSettings:
        """What a checked configuration says; a result is fresh for three rounds of the slowest schedule."""
        intervals = [interval for _, _, interval in settings.pairs()] or [settings.schedule.interval]
        bursts = settings.experiments.only_repeats
        return cls(
            targets=settings.targets,
            vantage_points=tuple(station.point for station in settings.vantage_points),
            claims=settings.documented,
            milestones=settings.milestones,
            hosts=(settings.web.host, *settings.web.names),
            public=settings.web.public,
            sign_in=settings.web.sign_in,
            proxies=settings.web.proxies,
            user_header=settings.web.user_header,
            user_role=settings.web.user_role,
            rate=settings.web.rate,
            walk=PipelineSettings.for_interval(max(intervals), settings.detection, bursts=bursts),
            blackbox=settings.web.blackbox,
            blackbox_allow=settings.web.blackbox_allow,
            fresh=max(3 * max(intervals), timedelta(minutes=2)),
            refresh=refresh,
            simulated=settings.simulated,
        )


def version() -> str:
    """The version that is installed."""
    return metadata.version("presscanary")

"""What the file says, as records that the program is wired from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from monitor.alert.settings import AlertSettings
from monitor.blackbox import Modules
from monitor.config.collector import CollectorSettings
from monitor.config.experiments import ExperimentSettings
from monitor.detect.settings import DetectorSettings
from monitor.model import Claim, Source
from monitor.store.policy import Policy
from probes.kinds import Need
from probes.model import Limits, Resolvers, Role, Target, Task, VantagePoint
from probes.proxied import SPEECHES, Proxy
from probes.registry import all_probes


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A vantage point and how this machine measures for it; the addresses are for sockets only, never for a record."""

    point: VantagePoint
    source_address: str | None = field(default=None, repr=False)
    interface: str | None = field(default=None, repr=False)
    namespace: str | None = field(default=None, repr=False)
    proxy: Proxy | None = field(default=None, repr=False)
    veto: frozenset[str] = frozenset()
    """Ids of the targets that its operator does not want to be visited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """How often, and how many at a time."""

    interval: timedelta = timedelta(minutes=10)
    concurrency: int = 8
    targets: Mapping[str, timedelta] = field(default_factory=dict)
    vantage_points: Mapping[str, timedelta] = field(default_factory=dict)

    def interval_of(self, target: str, vantage: str) -> timedelta:
        """The interval of a pair: the target's own, else the vantage point's own, else the common one.

        >>> ScheduleSettings(targets={"kloop-ru": timedelta(minutes=5)}).interval_of("kloop-ru", "here")
        datetime.timedelta(seconds=300)
        """
        return self.targets.get(target) or self.vantage_points.get(vantage) or self.interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A date of law and courts: drawn beside the measurements, never compared with them."""

    date: str
    precision: str
    kind: str
    short: str
    sources: tuple[Source, ...] = ()
    disagreement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where the page and the metrics are served."""

    host: str = "127.0.0.1"
    port: int = 8484
    names: tuple[str, ...] = ()
    """Host names under which a web server in front serves the page."""
    public: bool = False
    """Strangers see likely and confirmed events; the rest needs a user or a key."""
    sign_in: bool = False
    """Nobody sees anything without a user or a key."""
    proxies: tuple[str, ...] = ()
    """Addresses and networks of web servers in front, whose X-Forwarded-For is believed …"""
    user_header: str | None = None
    """… and who say in this header who has signed in there."""
    user_role: str = "viewer"
    rate: int = 600
    """Requests a minute to the API, per key or visitor."""
    blackbox: Modules | None = None
    """What `/probe` can be asked for; None: there is no such page."""
    blackbox_allow: tuple[str, ...] = ()
    """Networks that it may reach although nobody else may be sent there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole file, checked."""

    path: Path
    targets: tuple[Target, ...]
    vantage_points: tuple[Station, ...]
    resolvers: Resolvers = field(default_factory=Resolvers)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    experiments: ExperimentSettings = field(default_factory=ExperimentSettings)
    limits: Limits = field(default_factory=Limits)
    detection: DetectorSettings = field(default_factory=DetectorSettings)
    timezone: str = "Asia/Bishkek"
    documented: tuple[Claim, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    store: Path | None = None
    """The data folder where the file names one; `--data-dir` goes before it."""
    keeping: Policy = field(default_factory=Policy)
    """How long the store keeps what, and how large it may become."""
    measurements: str | None = None
    state: str | None = None
    """The servers that keep the two halves of the store in place of the folder (`monitor.store.addresses`)."""
    web: WebSettings = field(default_factory=WebSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    collector: CollectorSettings = field(default_factory=CollectorSettings)
    simulated: bool = False

    def target(self, target_id: str) -> Target | None:
        """The target of that id, or None."""
        return next((target for target in self.targets if target.id == target_id), None)

    def innocuous_names(self) -> tuple[str, ...]:
        """Hosts that nobody blocks: those that the file names, else those of its innocuous targets."""
        sites = (url for target in self.targets if target.innocuous for url in target.urls)
        hosts = (urlsplit(url).hostname or "" for url in sites)
        return self.experiments.innocuous_names or tuple(dict.fromkeys(host for host in hosts if host))

    def task(self, target: Target, url: str, point: VantagePoint, limits: Limits | None = None) -> Task:
        """An order to measure, with whatever the file knows that a kind of probe may need."""
        return Task(
            target=target,
            url=url,
            vantage=point,
            resolvers=self.resolvers,
            limits=limits or self.limits,
            echo=self.experiments.echo,
            innocuous_names=self.innocuous_names(),
            no_dns=self.experiments.no_dns,
            hold_off=self.experiments.burst.hold_off.total_seconds(),
        )

    def left_out(self) -> Mapping[str, tuple[Need, ...]]:
        """The kinds of probe that lack something here, and what."""
        nobody = self.task(Target(id="none", urls=()), "", VantagePoint(id="none"))
        lacking = {name: probe.lacks(nobody) for name, probe in all_probes().items()}
        return {name: needs for name, needs in lacking.items() if needs}

    def beside(self) -> Iterator[tuple[str, Target, Station, timedelta]]:
        """What is measured beside the visits: kind, target, vantage point and interval.

        A kind that looks at the place has one target, an innocuous one. Experiments are for watched targets at vantage
        points; `availability` is for all. What lacks something, or is vetoed, is left out.
        """
        lacking = self.left_out()
        for kind, interval in self.experiments.every.items():
            if kind in lacking:
                continue
            places: dict[str, tuple[str, Target, Station, timedelta]] = {}
            for target, station, _ in self.pairs():
                if station.point.kind in SPEECHES and not all_probes()[kind].by_proxy:
                    continue
                if all_probes()[kind].of_place:
                    if target.innocuous:
                        places.setdefault(station.point.id, (kind, target, station, interval))
                elif kind == "availability" or not (target.innocuous or station.point.role is Role.CONTROL):
                    yield kind, target, station, interval
            yield from places.values()

    def pairs(self) -> Iterator[tuple[Target, Station, timedelta]]:
        """Every target with every vantage point that measures it, and the interval; vetoed targets are left out."""
        for station in self.vantage_points:
            for target in self.targets:
                if target.id not in station.veto:
                    yield target, station, self.schedule.interval_of(target.id, station.point.id)

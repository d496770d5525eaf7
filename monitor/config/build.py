"""From the shape of the file to the records of the program; nothing can be wrong with the file any more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

from monitor.config import dates
from monitor.config.collecting import CollectorPart
from monitor.config.collector import CollectorSettings
from monitor.config.comparing import EchoPart, ExperimentsPart
from monitor.config.experiments import BurstSettings, ExperimentSettings
from monitor.config.part import Part
from monitor.config.proxying import proxy_of
from monitor.config.settings import Milestone, ScheduleSettings, Settings, Station, WebSettings
from monitor.config.shape import (
    ClaimPart,
    FilePart,
    MilestonePart,
    ProviderPart,
    ResolversPart,
    SourcePart,
    TargetPart,
    VantagePart,
)
from monitor.detect.settings import DetectorSettings
from monitor.model import Claim, Provider, Source
from monitor.store.policy import Policy
from probes.model import DoHServer, DoTServer, Echo, Limits, Resolvers, Role, Target, VantagePoint
from probes.proxied import SPEECHES


def build(path: Path, file: FilePart, token: str = "") -> Settings:
    """The settings that a checked file stands for; ValueError where the detector refuses its parameters.

    `token` is the echo host's, which stands somewhere else than in the file.
    """
    return Settings(
        path=path,
        targets=tuple(map(_target, file.targets)),
        vantage_points=tuple(_station(part, file.simulated) for part in file.vantage_points),
        resolvers=_resolvers(file.resolvers),
        schedule=ScheduleSettings(**dict(file.schedule)),
        experiments=_experiments(file.experiments, token),
        limits=replace(Limits(), **_given(file.limits)),
        detection=replace(DetectorSettings(), **_given(file.detection)),
        timezone=file.timezone,
        documented=tuple(claim for part in file.documented for claim in _claims(part, file)),
        milestones=tuple(map(_milestone, file.milestones)),
        store=file.store.path and path.absolute().parent / file.store.path.expanduser(),
        keeping=Policy(**{name: value for name, value in file.store if name not in ("path", "measurements", "state")}),
        measurements=file.store.measurements,
        state=file.store.state,
        web=WebSettings(**_tuples(file.web) | {"blackbox": None}),  # read beside this file
        collector=_collector(path, file.collector),
        simulated=file.simulated,
    )


def _given(part: Part) -> dict[str, Any]:
    """The parameters that the file names; a pair is a tuple in the records."""
    values = {name: value for name, value in part if value is not None}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _tuples(part: Part) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in part}


def _target(part: TargetPart) -> Target:
    return Target(**dict(part) | {"urls": tuple(part.urls), "mirrors": tuple(part.mirrors)})


def _station(part: VantagePart, simulated: bool) -> Station:
    point = VantagePoint(
        id=part.id,
        country=part.country,
        network=part.network,
        role=Role(part.role),
        kind=part.kind,
        simulated=simulated,
    )
    return Station(
        point=point,
        source_address=part.source_address,
        interface=part.interface,
        namespace=part.namespace,
        proxy=None if part.proxy is None or part.kind not in SPEECHES else proxy_of(part.kind, part.proxy),
        veto=frozenset(part.veto),
    )


def _resolvers(part: ResolversPart) -> Resolvers:
    doh = None if part.doh is None else DoHServer(url=part.doh.url, address=part.doh.address)
    dot = None if part.dot is None else DoTServer(**dict(part.dot))
    return Resolvers(udp=part.udp, doh=doh, dot=dot)


def _experiments(part: ExperimentsPart, token: str) -> ExperimentSettings:
    return ExperimentSettings(
        echo=None if part.echo is None else _echo(part.echo, token),
        innocuous_names=tuple(part.innocuous_names),
        no_dns=tuple(part.no_dns),
        every=part.every,
        burst=BurstSettings(**dict(part.burst) | {"after": tuple(sorted(part.burst.after))}),
    )


def _echo(part: EchoPart, token: str) -> Echo:
    return Echo(
        addresses=tuple(part.addresses),
        token=token,
        pin=part.pin or "",
        https_port=part.https_port,
        http_port=part.http_port,
        quic_port=part.quic_port,
    )


def _collector(path: Path, part: CollectorPart) -> CollectorSettings:
    """What the section says; files are named relative to this one."""
    home = path.absolute().parent
    told: dict[str, Any] = {
        name: home / value.expanduser() if isinstance(value, Path) else value for name, value in part
    }
    return CollectorSettings(**told | {"proxies": tuple(part.proxies)})


def _claims(part: ClaimPart, file: FilePart) -> Iterator[Claim]:
    """One claim, or one per target where the statement speaks of several, `id@target`; and one more for each provider
    whose network is known, `id:provider`.
    """
    local = dates.zone(part.timezone or file.timezone)
    for target in part.target:
        whole = _claim(part, target, local, simulated=file.simulated)
        several = f"@{target}" if len(part.target) > 1 else ""
        yield replace(whole, id=part.id + several)
        for provider in part.providers:
            if provider.networks:
                name = f"{part.id}:{_slug(provider.name)}{several}"
                yield replace(_of_provider(whole, provider, local), id=name)


def _claim(part: ClaimPart, target: str, local: tzinfo, *, simulated: bool) -> Claim:
    first, last = part.interval or (part.date, part.date)
    assert first is not None
    assert last is not None
    return Claim(
        id=part.id,
        target=target,
        country=part.country,
        kind=part.kind,
        date=part.date or f"{first}/{last}",
        precision=part.precision or (dates.precision(part.date) if part.date else "unknown"),
        interval=dates.window(first, last, local),
        weight=part.weight,
        networks=tuple(part.networks),
        sources=tuple(_source(source, local) for source in part.sources),
        disagreements=tuple(part.disagreements),
        note=part.note,
        simulated=simulated,
        term=None if part.term is None else dates.span(part.term, local)[1],
        providers=tuple(
            Provider(name=each.name, state=each.state, networks=tuple(each.networks), date=each.date or "")
            for each in part.providers
        ),
    )


def _source(part: SourcePart, local: tzinfo) -> Source:
    interval = None if part.date is None else dates.span(part.date, local)
    return Source(url=part.url, tier=part.tier, says=part.says, date=part.date or "", interval=interval)


def _of_provider(whole: Claim, part: ProviderPart, local: tzinfo) -> Claim:
    """The claim about one provider: one that does not block is an order not carried out."""
    own = whole
    if part.date is not None:
        interval = whole.interval[0], max(whole.interval[1], dates.span(part.date, local)[1])
        own = replace(whole, date=part.date, precision=dates.precision(part.date), interval=interval)
    return replace(
        own,
        kind=whole.kind if part.state == "blocked" else "not_enforced",
        weight="weak" if part.state == "blocked" and whole.weight != "none" else "none",
        networks=tuple(part.networks),
        providers=(),
        term=None,
    )


def _slug(name: str) -> str:
    """A provider's name as part of an id.

    >>> _slug("O!"), _slug("Mega-line (AS41750)")
    ('o', 'mega-line-as41750')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _milestone(part: MilestonePart) -> Milestone:
    return Milestone(
        date=part.date,
        precision=part.precision or dates.precision(part.date),
        kind=part.kind,
        short=part.short,
        sources=tuple(Source(url=url) for url in part.sources),
        disagreement=part.disagreement,
    )

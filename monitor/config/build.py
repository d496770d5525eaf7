"""From the shape of the file to the records of the program; nothing can be wrong with the file any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from monitor.config import dates
from monitor.config.settings import Milestone, ScheduleSettings, Settings, Station, WebSettings
from monitor.config.shape import ClaimPart, FilePart, MilestonePart, Part, ResolversPart, TargetPart, VantagePart
from monitor.detect.settings import DetectorSettings
from monitor.model import Claim, Source
from probes.model import DoHServer, Limits, Resolvers, Role, Target, VantagePoint


def build(path: Path, file: FilePart) -> Settings:
    """The settings that a checked file stands for; ValueError where the detector refuses its parameters."""
    return Settings(
        path=path,
        targets=tuple(map(_target, file.targets)),
        vantage_points=tuple(_station(part, file.simulated) for part in file.vantage_points),
        resolvers=_resolvers(file.resolvers),
        schedule=ScheduleSettings(**dict(file.schedule)),
        limits=replace(Limits(), **_given(file.limits)),
        detection=replace(DetectorSettings(), **_given(file.detection)),
        timezone=file.timezone,
        documented=tuple(claim for part in file.documented for claim in _claims(part, file)),
        milestones=tuple(map(_milestone, file.milestones)),
        store=file.store.path and path.absolute().parent / file.store.path.expanduser(),
        web=WebSettings(**dict(file.web)),
        simulated=file.simulated,
    )


def _given(part: Part) -> dict[str, Any]:
    """The parameters that the file names; a pair is a tuple in the records."""
    values = {name: value for name, value in part if value is not None}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


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
    return Station(point=point, source_address=part.source_address, interface=part.interface, veto=frozenset(part.veto))


def _resolvers(part: ResolversPart) -> Resolvers:
    doh = None if part.doh is None else DoHServer(url=part.doh.url, address=part.doh.address)
    return Resolvers(udp=part.udp, doh=doh)


def _claims(part: ClaimPart, file: FilePart) -> Iterator[Claim]:
    """One claim, or one per target where the statement speaks of several: `id@target`."""
    local = dates.zone(part.timezone or file.timezone)
    first, last = part.interval or (part.date, part.date)
    assert first is not None
    assert last is not None
    for target in part.target:
        yield Claim(
            id=part.id if len(part.target) == 1 else f"{part.id}@{target}",
            target=target,
            country=part.country,
            kind=part.kind,
            date=part.date or f"{first}/{last}",
            precision=part.precision or (dates.precision(part.date) if part.date else "unknown"),
            interval=dates.window(first, last, local),
            weight=part.weight,
            networks=tuple(part.networks),
            sources=tuple(Source(url=source.url, tier=source.tier, says=source.says) for source in part.sources),
            disagreements=tuple(part.disagreements),
            note=part.note,
            simulated=file.simulated,
        )


def _milestone(part: MilestonePart) -> Milestone:
    return Milestone(
        date=part.date,
        precision=part.precision or dates.precision(part.date),
        kind=part.kind,
        short=part.short,
        sources=tuple(Source(url=url) for url in part.sources),
        disagreement=part.disagreement,
    )

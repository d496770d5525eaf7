"""A country's history played over years: acts that strike networks, seasons in which somebody measured, and cells.

Where `world` draws what happens, a chronicle is told: each act stands in it with its time. Only what lines do by
themselves is drawn. Far from any edge eight measurements a day make one cell; around the edges each stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from random import Random
from typing import TypeAlias

from monitor.evaluate.world import dice_for
from monitor.model import Cell, Evidence, Layer, Locus
from probes.model import Role

Season: TypeAlias = tuple[datetime, datetime]

FINE = timedelta(hours=2)
"""Between two measurements near an edge."""
A_DAY = 8
"""Measurements a day elsewhere, folded into one cell."""
AROUND = timedelta(days=2)
"""So near to an edge each measurement stands alone."""
LOSS = 0.004
"""Share of measurements that fail by themselves (an ordinary line of `world`)."""
CONTROLS = (("AS64496", 2), ("AS64511", 1))
"""Networks reserved for documentation (RFC 5398), and the control vantage points in each."""
_DAY = timedelta(days=1)
_VOTES = sum(count for _, count in CONTROLS)
_SOURCE = "simulated chronicle"


class Sort(StrEnum):
    """What an act is."""

    BLOCK = "block"
    DOWN = "site down for everybody"
    OFFLINE = "network offline"
    SILENT = "no reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that happened on some networks for a while; `force` is the share of measurements that it fails."""

    sort: Sort
    networks: tuple[str, ...]
    start: datetime
    end: datetime
    target: str = ""
    """Empty: whatever is measured there."""
    force: float = 0.97
    technique: str = "tls.reset.sni"
    evidence: Evidence = Evidence.ARTEFACT


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronicle:
    """Who measured what and when, and what happened; every figure of it is simulated."""

    country: str
    targets: tuple[str, ...]
    innocuous: tuple[str, ...]
    points: Mapping[str, int]
    """Networks and the vantage points in each."""
    seasons: tuple[Season, ...]
    acts: tuple[Act, ...]


def staggered(act: Act, since: Mapping[str, float], until: Mapping[str, float]) -> tuple[Act, ...]:
    """One act per network: it begins so many hours after the act's start there, and ends so many after its end."""
    return tuple(
        replace(
            act,
            networks=(network,),
            start=act.start + timedelta(hours=hours),
            end=act.end + timedelta(hours=until.get(network, 0.0)),
        )
        for network, hours in since.items()
    )


def tell(chronicle: Chronicle, seed: int) -> tuple[Cell, ...]:
    """The cells that the vantage points and controls of a chronicle send in, in the order of time."""
    slots = tuple(_slots(chronicle))
    cells = [
        cell
        for network, count in chronicle.points.items()
        for number in range(count)
        for cell in _watched(chronicle, slots, network, number, seed)
    ]
    for network, count in CONTROLS:
        for number in range(count):
            cells.extend(_controlled(chronicle, slots, network, number, seed))
    return tuple(sorted(cells, key=lambda cell: (cell.start, cell.vantage, cell.target)))


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch that becomes one cell: first and last measurement, and how many there are."""

    first: datetime
    last: datetime
    count: int


def _slots(chronicle: Chronicle) -> Iterator[Slot]:
    """The seasons day by day; days near an edge in fine pieces."""
    near = {
        day for act in chronicle.acts for edge in (act.start, act.end) for day in _days(edge - AROUND, edge + AROUND)
    }
    for start, end in chronicle.seasons:
        for day in _days(start, end - _DAY):
            if day not in near:
                yield Slot(day, day + _DAY * (A_DAY - 1) / A_DAY, A_DAY)
                continue
            for number in range(_DAY // FINE):
                yield Slot(day + number * FINE, day + number * FINE, 1)


def _days(first: datetime, last: datetime) -> Iterator[datetime]:
    day = datetime.combine(first.date(), time(), UTC)
    while day <= last:
        yield day
        day += _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One target at one vantage point."""

    chronicle: Chronicle
    target: str
    network: str
    number: int
    late: timedelta
    """Minutes by which its measurements follow the full hour."""
    dice: Random


def _watched(chronicle: Chronicle, slots: Sequence[Slot], network: str, number: int, seed: int) -> Iterator[Cell]:
    here = [act for act in chronicle.acts if network in act.networks]
    lines = [act for act in here if act.sort in (Sort.OFFLINE, Sort.SILENT)]
    for target in (*chronicle.targets, *chronicle.innocuous):
        dice = dice_for(seed, "chronicle", network, number, target)
        late = timedelta(minutes=dice.randrange(30))
        own = [act for act in here if act.target == target] + lines
        series = Series(chronicle=chronicle, target=target, network=network, number=number, late=late, dice=dice)
        for slot, act in _played(slots, own):
            if act is None or act.sort is not Sort.SILENT:
                yield _cell(series, slot, act)


def _played(slots: Iterable[Slot], acts: Sequence[Act]) -> Iterator[tuple[Slot, Act | None]]:
    """Each slot with the act that strikes it; where several do, the one that silences most."""
    order = (Sort.SILENT, Sort.OFFLINE, Sort.DOWN, Sort.BLOCK)
    ranked = sorted(acts, key=lambda act: order.index(act.sort))
    for slot in slots:
        yield slot, next((act for act in ranked if act.start <= slot.first and slot.last < act.end), None)


def _cell(series: Series, slot: Slot, act: Act | None) -> Cell:
    force, sort = (LOSS, None) if act is None else (act.force, act.sort)
    failed = sum(series.dice.random() < force for _ in range(slot.count))
    blocked = failed if sort in (None, Sort.BLOCK) else 0
    shown = act if blocked and sort is Sort.BLOCK else None
    return Cell(
        target=series.target,
        country=series.chronicle.country,
        network=series.network,
        vantage=f"simulated-{series.network.lower()}-{series.number}",
        start=slot.first + series.late,
        end=slot.last + series.late,
        ok=slot.count - failed,
        blocked=blocked,
        down=failed if sort is Sort.DOWN else 0,
        insufficient=failed if sort is Sort.OFFLINE else 0,
        innocuous=series.target in series.chronicle.innocuous,
        layer=Layer(shown.technique.partition(".")[0]) if shown else None,
        technique=shown.technique if shown else None,
        locus=Locus.NETWORK if shown else Locus.UNKNOWN,
        evidence=(shown.evidence if shown else Evidence.AMBIGUOUS) if blocked else Evidence.NONE,
        controls_agree=_VOTES if blocked else 0,
        controls_total=_VOTES if blocked else 0,
        simulated=True,
        source=_SOURCE,
    )


def _controlled(chronicle: Chronicle, slots: Sequence[Slot], network: str, number: int, seed: int) -> Iterator[Cell]:
    for target in chronicle.targets:
        dice = dice_for(seed, "control", network, number, target)
        shift = timedelta(minutes=dice.randrange(30))
        outages = [act for act in chronicle.acts if act.sort is Sort.DOWN and act.target == target]
        for slot, act in _played(slots, outages):
            failed = sum(dice.random() < (LOSS if act is None else act.force) for _ in range(slot.count))
            yield Cell(
                target=target,
                country="DE",
                network=network,
                vantage=f"simulated-control-{network.lower()}-{number}",
                start=slot.first + shift,
                end=slot.last + shift,
                ok=slot.count - failed,
                down=failed,
                role=Role.CONTROL,
                simulated=True,
                source=_SOURCE,
            )

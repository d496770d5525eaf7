"""Volume collapse: how many reports a network owes us is known from the schedule, so their absence is a signal itself.

A vantage point's reports of one slot share their fate, so together they count as one measurement of "does it report".
The rest is the same statistic as everywhere: a sum per vantage point, capped, added up per network. How often silence
has other reasons (our own collector, the way to it) is told by everybody else in the same slot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias

import numpy as np

from monitor.detect.series import FOREVER, Floats, Ints, Series, length, moment, stamp
from monitor.detect.settings import DetectorSettings
from monitor.model import Interval
from probes.model import Role

Due: TypeAlias = Mapping[str, float]
"""Reports that each vantage point owes per second, innocuous targets included."""
_Network: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A stretch in which a network's vantage points sent nothing, or nearly so."""

    country: str
    network: str
    onset: Interval
    """[last report, the end of the first slot without]."""
    end: Interval | None
    """[the end of the last slot without, first report after it]."""
    alarm: datetime
    score: float
    """Nats at the highest."""
    vantages: tuple[str, ...]
    missing: int
    due: int
    simulated: bool = False


class _Run(NamedTuple):
    """Numbers of slots: since when the sums stood above zero, the alarm, and the last one that added to them."""

    begun: int
    alarm: int
    last: int
    over: bool
    accused: tuple[int, ...]
    score: float


@dataclass(slots=True, kw_only=True)
class Reports:
    """When one vantage point reported; every row counts, whatever it says."""

    place: _Network
    control: bool
    simulated: bool
    times: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What everybody owes and sent, slot by slot."""

    reports: Mapping[str, Reports]
    silent: Mapping[str, Floats]
    """Per vantage point, the missing share in each slot; nan before its first report."""
    slots: Ints
    due: Due
    settings: DetectorSettings


def outages(series: Iterable[Series], due: Due, *, now: datetime, settings: DetectorSettings) -> tuple[Outage, ...]:
    """Every outage that the series show up to `now`, of networks of vantage points that owe reports.

    Who is missing in `due` owes nothing. A slot counts when it is over and its reports have had one more slot's time
    to arrive.
    """
    reports = _reports(series, due)
    if not reports:
        return ()
    slot = length(settings.collapse_slot)
    first = min(int(each.times[0]) for each in reports.values()) // slot + 1
    slots = np.arange(first, stamp(now) // slot - 1)
    silent = {name: _silence(each, slots * slot, due[name], slot) for name, each in reports.items()}
    ledger = Ledger(reports=reports, silent=silent, slots=slots, due=due, settings=settings)
    networks: dict[_Network, list[str]] = defaultdict(list)
    for name, each in reports.items():
        if not each.control:
            networks[each.place].append(name)
    found = [outage for place, names in networks.items() for outage in _of_network(ledger, place, sorted(names))]
    return tuple(sorted(found, key=lambda each: (each.onset[1], each.country, each.network)))


def without(series: Series, outages: Sequence[Outage]) -> Series:
    """A unit's rows without those that its network sent while it was going offline or coming back: what still came
    through then says nothing of one target."""
    keep = np.ones(len(series), bool)
    for each in outages:
        if (each.country, each.network) == (series.country, series.network) and series.role is Role.VANTAGE:
            since = stamp(each.onset[0] or each.onset[1])
            keep &= (series.end <= since) | (series.start >= (FOREVER if each.end is None else stamp(each.end[1])))
    return series if keep.all() else series.only(np.flatnonzero(keep))


def _reports(series: Iterable[Series], due: Due) -> dict[str, Reports]:
    times: dict[str, list[Ints]] = defaultdict(list)
    places: dict[str, tuple[_Network, bool, bool]] = {}
    for each in series:
        for number, (name, network) in enumerate(zip(each.vantages, each.networks, strict=True)):
            own = each.end[each.vantage == number]
            if name in due and len(own):
                times[name].append(own)
                places[name] = (each.country, network), each.role is Role.CONTROL, each.simulated
    found = {}
    for name, parts in sorted(times.items()):
        place, control, simulated = places[name]
        stamps = np.sort(np.concatenate(parts))
        found[name] = Reports(place=place, control=control, simulated=simulated, times=stamps)
    return found


def _silence(reports: Reports, starts: Ints, rate: float, slot: int) -> Floats:
    """The missing share of what was due in each slot; nan before the vantage point's first report."""
    got = reports.times.searchsorted(starts + slot) - reports.times.searchsorted(starts)
    wanted = max(rate * slot / 1e6, 1.0)
    missing = np.clip(1 - got / wanted, 0.0, 1.0)
    return np.where(starts > reports.times[0], missing, np.nan)


def _of_network(ledger: Ledger, place: _Network, names: Sequence[str]) -> list[Outage]:
    ours = ledger.settings
    elsewhere = _elsewhere(ledger, place)
    if elsewhere is None:
        return []
    p0 = np.clip(elsewhere, *ours.null_range)
    shares = np.array([ledger.silent[name] for name in names])
    p1 = 1 - (1 - p0) * (1 - ours.collapse_pi)
    adds = np.nan_to_num(shares * np.log(p1 / p0) + (1 - shares) * np.log((1 - p1) / (1 - p0)))
    adds[:, elsewhere > 0.5] = 0.0  # where most of the others are silent, too, nothing can be told
    return [_outage(ledger, place, [names[each] for each in run.accused], run) for run in _runs(adds, ours)]


def _runs(adds: Floats, settings: DetectorSettings) -> Iterator[_Run]:
    """Alarms and their ends, from what each slot adds per vantage point."""
    sums, highest = np.zeros(len(adds)), np.zeros(len(adds))
    begun = alarm = last = -1
    for index in range(adds.shape[1]):
        sums = np.clip(sums + adds[:, index], 0.0, settings.lone_alarm)
        if not sums.any():
            if alarm >= 0:
                yield _Run(begun, alarm, last, True, _accused(highest, settings), float(highest.sum()))
            begun = alarm = -1
            highest = np.zeros(len(adds))
            continue
        begun = index if begun < 0 else begun
        highest = np.maximum(highest, sums)
        last = index if adds[:, index].sum() > 0 else last
        together = float(np.minimum(sums, settings.quorum_cap).sum())
        if alarm < 0 and (together >= settings.alarm or float(sums.max()) >= settings.lone_alarm):
            alarm = index
    if alarm >= 0:
        yield _Run(begun, alarm, last, False, _accused(highest, settings), float(highest.sum()))


def _accused(highest: Floats, settings: DetectorSettings) -> tuple[int, ...]:
    return tuple(np.flatnonzero(highest >= settings.accuser).tolist())


def _elsewhere(ledger: Ledger, place: _Network) -> Floats | None:
    """How probable silence is without an outage of this network: what everybody abroad shows in the same slot, or,
    where nobody is abroad, everybody in other networks."""
    abroad = [name for name, each in ledger.reports.items() if each.place[0] != place[0] or each.control]
    others = abroad or [name for name, each in ledger.reports.items() if each.place != place]
    if not others:  # a lone network that is silent may as well be a program that was stopped
        return None
    mean, strength = ledger.settings.collapse_prior
    shares = np.array([ledger.silent[name] for name in others]).reshape(len(others), len(ledger.slots))
    known = (~np.isnan(shares)).sum(axis=0)
    return np.asarray((np.nansum(shares, axis=0) + mean * strength) / (known + strength), np.float64)


def _outage(ledger: Ledger, place: _Network, names: Sequence[str], run: _Run) -> Outage:
    slot = length(ledger.settings.collapse_slot)
    begun, alarm, last = (int(ledger.slots[index]) * slot for index in (run.begun, run.alarm, run.last))
    times = np.sort(np.concatenate([ledger.reports[name].times for name in names]))
    before, after = times[times < begun + slot], times[times >= last + slot]
    since = int(before[-1])
    until = int(after[0]) if run.over and len(after) else None
    lasted = (last + slot if until is None else until) - since
    owed = round(sum(ledger.due[name] for name in names) * lasted / 1e6)
    return Outage(
        country=place[0],
        network=place[1],
        onset=(moment(since), moment(max(since, begun + slot))),
        end=None if until is None else (moment(max(since, last)), moment(until)),
        alarm=moment(alarm + slot),
        score=run.score,
        vantages=tuple(names),
        missing=max(0, owed - int(((times > since) & (times < since + lasted)).sum())),
        due=owed,
        simulated=any(ledger.reports[name].simulated for name in names),
    )

"""The walk, read this first: how a measurement becomes a verdict, and verdicts become blocking events.

`record` carries one measurement from fact to verdict and keeps both. `review` looks over what is kept and says what
began and what ended. Nothing else in the project knows the order of the rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from monitor.cells import excuse, fold, is_failure
from monitor.detect import detect
from monitor.detect.reconcile import reconcile, unaccounted
from monitor.detect.settings import DetectorSettings
from monitor.model import Bearing, BlockingEvent, Cell, Finding, Health, Outcome, State, VantageStatus
from monitor.observe import flatten, observe
from monitor.store import Location, Servers, Store
from monitor.store.fingerprints import read_fingerprints
from monitor.verdict import RULESET, judge
from monitor.verdict.experiments import find
from monitor.verdict.fingerprints import Fingerprints
from monitor.verdict.health import LOOKS, UNWELL, assess
from monitor.verdict.shipped import SHIPPED
from probes.model import Measurement, Role, VantagePoint

VISITS = frozenset({"website", "availability", "web_connectivity"})
"""Kinds that visit the target as a reader would; what the others ask of our own echo host says nothing of the site."""

Row = TypeVar("Row", bound=Outcome | Finding)


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSettings:
    """How far the walk looks around a measurement; durations follow the schedule's interval (`for_interval`)."""

    beside: timedelta = timedelta(minutes=20)
    """Controls and innocuous results at most so far away in time stand beside a measurement: two rounds of the
    schedule, so that one lost round does not leave a verdict without a control."""
    reach: timedelta = timedelta(minutes=10)
    """Experiments so near in time speak of a failure: one round of the schedule."""
    held: timedelta = timedelta(minutes=20)
    """So long what a look at the vantage point itself found holds where no next one follows: twice its interval."""
    lookback: timedelta | None = timedelta(days=7)
    """How much history a review reads; None for all of it."""
    cell: timedelta = timedelta(minutes=1)
    detector: DetectorSettings = field(default_factory=DetectorSettings)
    due: Mapping[str, float] | None = None
    """Reports that each vantage point owes per second; None where nobody is expected to report."""
    fingerprints: Fingerprints = field(default_factory=Fingerprints)
    """Pages and addresses that verdicts are made with (`known_in` for those of a data folder)."""

    @classmethod
    def for_interval(cls, interval: timedelta, detector: DetectorSettings, *, bursts: bool = False) -> PipelineSettings:
        """Settings for a schedule that measures each target every `interval`, where failures are only repeated
        (`bursts`) or not.

        >>> PipelineSettings.for_interval(timedelta(minutes=5), DetectorSettings()).beside
        datetime.timedelta(seconds=600)
        """
        detector = detector.bursting() if bursts else detector
        return cls(beside=2 * interval, reach=interval, cell=min(timedelta(minutes=1), interval / 2), detector=detector)


def known_in(where: Location) -> Fingerprints:
    """The shipped fingerprints and those that were read into a store's folder; StoreError where its file is damaged."""
    folder = where.folder if isinstance(where, Servers) else where
    return Fingerprints(entries=(*SHIPPED, *read_fingerprints(folder)))


def record(
    measurement: Measurement, store: Store, *, settings: PipelineSettings | None = None, original: bytes | None = None
) -> Outcome:
    """Carry one measurement from fact to verdict and keep both, durably; StoreError where that was not possible.

    A control's result, or news of the vantage point's health, changes what its neighbours in time mean: those are
    judged again from their stored facts.
    """
    settings = settings or PipelineSettings()
    outcome = _judge(measurement, store, settings)
    if store.append(measurement, outcome, original=original):
        for neighbour in _neighbours(outcome, store, settings):
            _judge_again(neighbour, store, settings)
    return outcome


def note(measurement: Measurement, store: Store, *, settings: PipelineSettings | None = None) -> Finding:
    """Carry one experiment from fact to finding and keep both, durably; it is no visit, and is itself not judged.

    A look at the vantage point changes whether its neighbours in time can be believed, and any other experiment may
    excuse the failures of its page: those are judged again.
    ValueError for a kind that is none, StoreError where it could not be kept.
    """
    settings, finding = settings or PipelineSettings(), find(measurement)
    if store.append_experiment(measurement, finding):
        for neighbour in (_held_by if finding.kind in LOOKS else _spoken_of)(finding, store, settings):
            _judge_again(neighbour, store, settings)
    return finding


def experiments_of(event: BlockingEvent, store: Store) -> tuple[Finding, ...]:
    """What experiments said, for or against, of an event's target on its networks while it lasted, by time."""
    until = None if event.end is None else event.end[1]
    known = store.findings(since=event.onset[0] or event.onset[1], until=until, target=event.target)
    return tuple(
        one
        for one in known
        if one.bearing is not Bearing.NONE and one.country == event.country and one.network in event.networks
    )


def survey(store: Store, *, now: datetime, settings: PipelineSettings, points: Sequence[VantagePoint]) -> None:
    """Save whether each of `points` can be believed now: much cheaper than a review, and wanted sooner."""
    store.save_health([_health(point, store, now, settings) for point in points])


def review(
    store: Store, *, now: datetime, settings: PipelineSettings | None = None, points: Sequence[VantagePoint] = ()
) -> tuple[BlockingEvent, ...]:
    """Look over what is kept; save the health of `points` and return the events that are new or changed, saved too."""
    settings = settings or PipelineSettings()
    survey(store, now=now, settings=settings, points=points)
    since = None if settings.lookback is None else now - settings.lookback
    known = store.events()
    found = _detect(store, settings, now, since=since)
    for target, onset in _open_before(known, found).items():
        found += _detect(store, settings, now, since=onset - settings.beside, target=target)
    changed = reconcile(known, found, since=since)
    store.save_events(changed)
    return changed


def _detect(
    store: Store, settings: PipelineSettings, now: datetime, *, since: datetime | None, target: str | None = None
) -> tuple[BlockingEvent, ...]:
    cells = gather(store, settings, since=since, target=target)
    due = settings.due if target is None else None
    found = detect(cells, settings=settings.detector, now=now, due=due)
    return tuple(replace(event, ruleset=RULESET) for event in found)


def gather(
    store: Store,
    settings: PipelineSettings,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    target: str | None = None,
) -> tuple[Cell, ...]:
    """What a review looks at: our own outcomes folded to cells, experiments weighed in, and imported cells."""
    outcomes = store.outcomes(since=since, until=until, target=target)
    findings = store.findings(since=since, until=until, target=target)
    cells = fold(outcomes, width=settings.cell, findings=findings, reach=settings.reach)
    return cells + store.cells(since=since, until=until, target=target)


def _open_before(known: Sequence[BlockingEvent], found: Sequence[BlockingEvent]) -> dict[str, datetime]:
    """Targets of events that are open and that the window shows nothing of (its data have a hole), with their onset."""
    onsets: dict[str, datetime] = {}
    for event in unaccounted(known, found):
        onsets[event.target] = min(event.onset[1], onsets.get(event.target, event.onset[1]))
    return onsets


def _judge(measurement: Measurement, store: Store, settings: PipelineSettings) -> Outcome:
    if measurement.kind not in VISITS:
        raise ValueError(f"{measurement.kind!r} is an experiment: monitor.verdict.experiments reads it")
    controls = _controls(measurement, store, settings)
    health, _ = _health_at(measurement.vantage.id, measurement.started, store, settings, lasting=measurement.duration)
    seen = observe(measurement, controls)
    verdict = judge(measurement, seen, health=health, fingerprints=settings.fingerprints)
    outcome = flatten(measurement, verdict)
    return excuse(outcome, _beside(outcome, store, settings), reach=settings.reach)


def _beside(outcome: Outcome, store: Store, settings: PipelineSettings) -> tuple[Finding, ...]:
    """The experiments that may excuse a failure; none are asked for where nobody is accused."""
    if outcome.verdict.state is not State.BLOCKED:
        return ()
    since, until = outcome.time - settings.reach, outcome.time + settings.reach + timedelta(microseconds=1)
    return store.findings(since=since, until=until, target=outcome.target, vantage=outcome.vantage)


def _judge_again(outcome: Outcome, store: Store, settings: PipelineSettings) -> None:
    measurement = store.measurement(outcome.measurement)
    again = outcome if measurement is None else _judge(measurement, store, settings)
    if again == outcome:
        return
    store.revise(again)
    if again.role is Role.CONTROL and _usable(again) is not _usable(outcome):
        for neighbour in _neighbours(again, store, settings):
            _judge_again(neighbour, store, settings)


def _controls(measurement: Measurement, store: Store, settings: PipelineSettings) -> tuple[Measurement, ...]:
    """What every other control vantage point that could be believed says of the same URL at that time."""
    rows = _around(store, measurement.started, settings, url=measurement.url, role=Role.CONTROL)
    others = [row for row in rows if row.vantage != measurement.vantage.id and _usable(row)]
    said = _said(others, measurement.started, measurement.duration, lambda row: row.vantage, _failed)
    return tuple(found for row in said if (found := store.measurement(row.measurement)) is not None)


def _health_at(
    vantage: str, time: datetime, store: Store, settings: PipelineSettings, *, lasting: float = 0.0
) -> tuple[Health, str]:
    """Whether the vantage point could be believed then: by what the innocuous targets said around that time."""
    seen = _around(store, time, settings, vantage=vantage, innocuous=True)
    rows = _said(seen, time, lasting, lambda row: row.url, _ailing)
    newest = max((row.time for row in rows), default=time)
    findings = _looks(vantage, time, store, settings, lasting)
    return assess(rows, now=newest, window=2 * settings.beside, findings=findings)


def _looks(
    vantage: str, time: datetime, store: Store, settings: PipelineSettings, lasting: float
) -> tuple[Finding, ...]:
    """What looks at the vantage point itself say of that time, one of each kind."""
    since, until = time - settings.held, time + settings.beside + timedelta(microseconds=1)
    known = [one for kind in LOOKS for one in store.findings(since=since, until=until, vantage=vantage, kind=kind)]
    return _said(known, time, lasting, lambda one: one.kind, lambda one: one.rule_id in UNWELL)


def _said(
    rows: Sequence[Row],
    time: datetime,
    lasting: float,
    key: Callable[[Row], str],
    failed: Callable[[Row], bool],
) -> tuple[Row, ...]:
    """One row per key: of its last before, those that began meanwhile and its first after the end, one that failed.

    So nobody is accused in the minute in which a site goes down for everybody, or in which a place breaks.
    """
    end = time + timedelta(seconds=lasting)
    before = _nearest([row for row in rows if row.time <= time], time, key)
    meanwhile = [row for row in rows if time < row.time <= end]
    after = _nearest([row for row in rows if row.time > end], time, key)
    ranked = sorted((*before, *meanwhile, *after), key=lambda row: (failed(row), -abs(row.time - time)))
    return tuple({key(row): row for row in ranked}.values())


def _health(point: VantagePoint, store: Store, now: datetime, settings: PipelineSettings) -> VantageStatus:
    health, why = _health_at(point.id, now, store, settings)
    newest = store.outcomes(vantage=point.id, newest_first=True, limit=1)
    return VantageStatus(
        vantage=point.id,
        country=point.country,
        network=point.network,
        role=point.role,
        health=health,
        why=why,
        last_seen=newest[0].time if newest else None,
        simulated=point.simulated,
    )


def _neighbours(outcome: Outcome, store: Store, settings: PipelineSettings) -> tuple[Outcome, ...]:
    """The outcomes whose meaning this one may change; a page that came over valid TLS needs nobody's word.

    A control's result speaks for the same URL everywhere; an innocuous result for everything at the same vantage point.
    """
    found: tuple[Outcome, ...] = ()
    if outcome.role is Role.CONTROL:
        found += _around(store, outcome.time, settings, url=outcome.url)
    if outcome.innocuous:
        found += _around(store, outcome.time, settings, vantage=outcome.vantage)
    return tuple(row for row in found if row.measurement != outcome.measurement and not _settled(row))


def _held_by(finding: Finding, store: Store, settings: PipelineSettings) -> tuple[Outcome, ...]:
    """The outcomes of which a look at their vantage point may say whether it could be believed."""
    since, until = finding.time - settings.beside, finding.time + settings.held + timedelta(microseconds=1)
    found = store.outcomes(since=since, until=until, vantage=finding.vantage)
    return tuple(row for row in found if not row.innocuous and not _settled(row))


def _spoken_of(finding: Finding, store: Store, settings: PipelineSettings) -> tuple[Outcome, ...]:
    """The failures that an experiment accuses or excuses."""
    if finding.bearing is Bearing.NONE:
        return ()
    since, until = finding.time - settings.reach, finding.time + settings.reach + timedelta(microseconds=1)
    found = store.outcomes(since=since, until=until, target=finding.target, url=finding.url, vantage=finding.vantage)
    return tuple(row for row in found if is_failure(row))


def _usable(control: Outcome) -> bool:
    """False for a control vantage point that was itself sick or offline: it says nothing about the target."""
    return not control.verdict.rule_id.startswith("vantage.")


def _failed(control: Outcome) -> bool:
    return control.verdict.state is not State.OK and control.status is None


def _ailing(innocuous: Outcome) -> bool:
    """Whether something is wrong with a site that nobody blocks, though perhaps a page came by another way."""
    return innocuous.verdict.state in (State.BLOCKED, State.INSUFFICIENT)


def _settled(outcome: Outcome) -> bool:
    return outcome.verdict.state is State.OK and outcome.url.startswith("https:")


def _around(
    store: Store,
    time: datetime,
    settings: PipelineSettings,
    *,
    url: str | None = None,
    vantage: str | None = None,
    role: Role | None = None,
    innocuous: bool | None = None,
) -> tuple[Outcome, ...]:
    return store.outcomes(
        since=time - settings.beside,
        until=time + settings.beside + timedelta(microseconds=1),
        url=url,
        vantage=vantage,
        role=role,
        innocuous=innocuous,
    )


def _nearest(rows: Iterable[Row], time: datetime, key: Callable[[Row], str]) -> tuple[Row, ...]:
    """Of the rows with the same key, the one that is nearest in time."""
    nearest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: abs(row.time - time), reverse=True):
        nearest[key(row)] = row
    return tuple(nearest.values())

"""The walk, read this first: how a measurement becomes a verdict, and verdicts become blocking events.

`record` carries one measurement from fact to verdict and keeps both. `review` looks over what is kept and says what
began and what ended. Nothing else in the project knows the order of the rooms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from monitor.cells import excuse, fold
from monitor.detect import detect
from monitor.detect.reconcile import reconcile, unaccounted
from monitor.model import Bearing, BlockingEvent, Cell, Finding, Outcome, Tier
from monitor.observe import flatten, observe
from monitor.pipeline.settings import PipelineSettings
from monitor.pipeline.surroundings import (
    controls_of,
    excuses,
    health_at,
    held_by,
    neighbours,
    spoken_of,
    status_of,
    usable,
)
from monitor.pipeline.trusting import capped, told_in_time, voting
from monitor.store import Location, Servers, Store
from monitor.store.fingerprints import read_fingerprints
from monitor.verdict import RULESET, judge
from monitor.verdict.experiments import find
from monitor.verdict.fingerprints import Fingerprints
from monitor.verdict.health import LOOKS
from monitor.verdict.shipped import SHIPPED
from probes.model import Measurement, Role, VantagePoint

__all__ = [
    "VISITS",
    "PipelineSettings",
    "experiments_of",
    "gather",
    "judged",
    "known_in",
    "note",
    "record",
    "record_all",
    "review",
    "survey",
]

VISITS = frozenset({"website", "availability", "web_connectivity"})
"""Kinds that visit the target as a reader would; what the others ask of our own echo host says nothing of the site."""


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
    outcome = judged(measurement, store, settings)
    if store.append(measurement, outcome, original=original):
        for neighbour in neighbours(outcome, store, settings):
            _judge_again(neighbour, store, settings)
    return outcome


def record_all(
    given: Sequence[tuple[Measurement, bytes | None]],
    store: Store,
    *,
    settings: PipelineSettings,
    interrupted: bool = False,
) -> tuple[Outcome, ...]:
    """`record` for many, each with the document that it came from or None: few commits, and each neighbour once.

    `interrupted` says that some may be stored already whose neighbours were not judged again. What is wrong with one
    is raised before any is stored; StoreError where storing was not possible.
    """
    entries = [(measurement, judged(measurement, store, settings), original) for measurement, original in given]
    new = store.append_all(entries)
    touched: dict[str, Outcome] = {}
    for (_, outcome, _), fresh in zip(entries, new, strict=True):
        if fresh or interrupted:
            touched |= {neighbour.measurement: neighbour for neighbour in neighbours(outcome, store, settings)}
    for neighbour in touched.values():
        _judge_again(neighbour, store, settings)
    return tuple(outcome for _, outcome, _ in entries)


def note(measurement: Measurement, store: Store, *, settings: PipelineSettings | None = None) -> Finding:
    """Carry one experiment from fact to finding and keep both, durably; it is no visit, and is itself not judged.

    A look at the vantage point changes whether its neighbours in time can be believed, and any other experiment may
    excuse the failures of its page: those are judged again.
    ValueError for a kind that is none, StoreError where it could not be kept.
    """
    settings, finding = settings or PipelineSettings(), find(measurement)
    if store.append_experiment(measurement, finding):
        for neighbour in (held_by if finding.kind in LOOKS else spoken_of)(finding, store, settings):
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
    store.save_health([status_of(point, store, now, settings) for point in points])


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
    if settings.trust.skewed and any(event.tier is Tier.CONFIRMED for event in found):
        exact = detect(told_in_time(cells, settings.trust), settings=settings.detector, now=now)
        found = capped(found, exact)
    return tuple(replace(event, ruleset=RULESET) for event in found)


def gather(
    store: Store,
    settings: PipelineSettings,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    target: str | None = None,
) -> tuple[Cell, ...]:
    """What a review looks at: our own outcomes folded to cells, experiments weighed in, and imported cells.

    Vantage points in quarantine are left out.
    """
    outcomes = voting(store.outcomes(since=since, until=until, target=target), settings.trust)
    findings = voting(store.findings(since=since, until=until, target=target), settings.trust)
    cells = fold(outcomes, width=settings.cell, findings=findings, reach=settings.reach)
    return cells + store.cells(since=since, until=until, target=target)


def _open_before(known: Sequence[BlockingEvent], found: Sequence[BlockingEvent]) -> dict[str, datetime]:
    """Targets of events that are open and that the window shows nothing of (its data have a hole), with their onset."""
    onsets: dict[str, datetime] = {}
    for event in unaccounted(known, found):
        onsets[event.target] = min(event.onset[1], onsets.get(event.target, event.onset[1]))
    return onsets


def judged(measurement: Measurement, store: Store, settings: PipelineSettings) -> Outcome:
    """The outcome of a visit, from its facts and those around it; nothing is written. ValueError for an experiment."""
    if measurement.kind not in VISITS:
        raise ValueError(f"{measurement.kind!r} is an experiment: monitor.verdict.experiments reads it")
    controls = controls_of(measurement, store, settings)
    health, _ = health_at(measurement.vantage.id, measurement.started, store, settings, lasting=measurement.duration)
    seen = observe(measurement, controls)
    verdict = judge(measurement, seen, health=health, fingerprints=settings.fingerprints)
    outcome = flatten(measurement, verdict)
    return excuse(outcome, excuses(outcome, store, settings), reach=settings.reach)


def _judge_again(outcome: Outcome, store: Store, settings: PipelineSettings) -> None:
    measurement = store.measurement(outcome.measurement)
    again = outcome if measurement is None else judged(measurement, store, settings)
    if again == outcome:
        return
    store.revise(again)
    if again.role is Role.CONTROL and usable(again) is not usable(outcome):
        for neighbour in neighbours(again, store, settings):
            _judge_again(neighbour, store, settings)

"""What stands around a measurement in time: its controls, the health of its place, and whom its own result concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from monitor.cells import is_failure
from monitor.model import Bearing, Finding, Health, Outcome, State, VantageStatus
from monitor.pipeline.settings import PipelineSettings
from monitor.store import Store
from monitor.verdict.health import LOOKS, UNWELL, assess
from probes.model import Measurement, Role, VantagePoint

Row = TypeVar("Row", bound=Outcome | Finding)


def excuses(outcome: Outcome, store: Store, settings: PipelineSettings) -> tuple[Finding, ...]:
    """The experiments that may excuse a failure; none are asked for where nobody is accused."""
    if outcome.verdict.state is not State.BLOCKED:
        return ()
    since, until = outcome.time - settings.reach, outcome.time + settings.reach + timedelta(microseconds=1)
    return store.findings(since=since, until=until, target=outcome.target, vantage=outcome.vantage)


def controls_of(measurement: Measurement, store: Store, settings: PipelineSettings) -> tuple[Measurement, ...]:
    """What every other control vantage point that could be believed says of the same URL at that time."""
    rows = _around(store, measurement.started, settings, url=measurement.url, role=Role.CONTROL)
    voteless = {measurement.vantage.id, *settings.trust.voteless}
    others = [row for row in rows if row.vantage not in voteless and usable(row)]
    said = _said(others, measurement.started, measurement.duration, lambda row: row.vantage, _failed)
    return tuple(found for row in said if (found := store.measurement(row.measurement)) is not None)


def health_at(
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


def status_of(point: VantagePoint, store: Store, now: datetime, settings: PipelineSettings) -> VantageStatus:
    """Whether a vantage point can be believed now, and why, with when it was last heard of."""
    health, why = health_at(point.id, now, store, settings)
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


def neighbours(outcome: Outcome, store: Store, settings: PipelineSettings) -> tuple[Outcome, ...]:
    """The outcomes whose meaning this one may change; a page that came over valid TLS needs nobody's word.

    A control's result speaks for the same URL everywhere; an innocuous result for everything at the same vantage point.
    """
    found: tuple[Outcome, ...] = ()
    if outcome.role is Role.CONTROL:
        found += _around(store, outcome.time, settings, url=outcome.url)
    if outcome.innocuous:
        found += _around(store, outcome.time, settings, vantage=outcome.vantage)
    return tuple(row for row in found if row.measurement != outcome.measurement and not _settled(row))


def held_by(finding: Finding, store: Store, settings: PipelineSettings) -> tuple[Outcome, ...]:
    """The outcomes of which a look at their vantage point may say whether it could be believed."""
    since, until = finding.time - settings.beside, finding.time + settings.held + timedelta(microseconds=1)
    found = store.outcomes(since=since, until=until, vantage=finding.vantage)
    return tuple(row for row in found if not row.innocuous and not _settled(row))


def spoken_of(finding: Finding, store: Store, settings: PipelineSettings) -> tuple[Outcome, ...]:
    """The failures that an experiment accuses or excuses."""
    if finding.bearing is Bearing.NONE:
        return ()
    since, until = finding.time - settings.reach, finding.time + settings.reach + timedelta(microseconds=1)
    found = store.outcomes(since=since, until=until, target=finding.target, url=finding.url, vantage=finding.vantage)
    return tuple(row for row in found if is_failure(row))


def usable(control: Outcome) -> bool:
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

"""What a package holds of a store: one event, every result around it, and the documents that prove it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.model import BlockingEvent, Cell, Claim, Finding, Outcome, VantageStatus
from monitor.pipeline import PipelineSettings
from monitor.store import Store
from probes.document import canonical
from probes.model import Role

MARGIN = timedelta(days=1)
"""So much after an event belongs to it: what ended it has to be seen to have ended it."""
PEERS = 4
"""Other targets that go in: the detector's baseline asks for three (`baseline_peers`)."""
MOST = 2000
"""About so many documents are put in; of a long event the rest stands in the table with its id."""
_EACH = 4
"""Documents of one visit: its own, and those of three controls beside it, which the next visit shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The facts of a package. `documents` are canonical documents by the id of their measurement."""

    event: BlockingEvent
    revisions: tuple[BlockingEvent, ...]
    since: datetime
    until: datetime
    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...] = ()
    cells: tuple[Cell, ...] = ()
    health: tuple[VantageStatus, ...] = ()
    claims: tuple[Claim, ...] = ()
    documents: Mapping[str, bytes] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Measurements that belong in and whose document the store no longer has."""
    settings: PipelineSettings = field(default_factory=PipelineSettings)
    whole: bool = False
    """Whether all targets are in it, not only the event's, the innocuous ones and a few others."""

    @property
    def own(self) -> tuple[Outcome, ...]:
        """The results of the event's target."""
        return tuple(row for row in self.outcomes if row.target == self.event.target)


def cut(
    store: Store,
    event: BlockingEvent,
    settings: PipelineSettings,
    *,
    claims: Iterable[Claim] = (),
    whole: bool = False,
    most: int = MOST,
) -> Slice:
    """The facts around an event: from the detector's look back before its onset to a day after its end, or to now."""
    since = (event.onset[0] or event.onset[1]) - (settings.lookback or timedelta(days=7))
    rows = store.outcomes(since=since, until=None if event.end is None else event.end[1] + MARGIN)
    until = (rows[-1].time if rows else event.alarm) + timedelta(microseconds=1)
    wanted = None if whole else _targets(rows, event)
    outcomes = tuple(row for row in rows if wanted is None or row.target in wanted)
    findings = tuple(one for one in store.findings(since=since, until=until) if wanted is None or one.target in wanted)
    cells = tuple(cell for cell in store.cells(since=since, until=until) if wanted is None or cell.target in wanted)
    places = {row.vantage for row in outcomes}
    bare = Slice(
        event=event,
        revisions=store.revisions(event.id),
        since=since,
        until=until,
        outcomes=outcomes,
        findings=findings,
        cells=cells,
        health=tuple(status for status in store.health() if status.vantage in places),
        claims=tuple(claim for claim in claims if (claim.target, claim.country) == (event.target, event.country)),
        settings=settings,
        whole=whole,
    )
    ids = chosen(bare, most)
    found = {measurement: store.document(measurement) for measurement in ids}
    return replace(
        bare,
        documents={name: canonical(told) for name, told in found.items() if told is not None},
        missing=tuple(name for name, told in found.items() if told is None),
    )


def chosen(facts: Slice, most: int) -> tuple[str, ...]:
    """The measurements whose documents go in: witnesses, experiments, then what is near an edge, with their controls.

    Of what remains, as many as there is room for, spread evenly over the time.
    """
    event = facts.event
    witnesses = {*event.witnesses, *(witness for span in event.spans for witness in span.witnesses)}
    experiments = [
        one.measurement
        for one in facts.findings
        if one.target == event.target and (event.onset[0] or event.onset[1]) <= one.time
    ]
    visits = [row for row in facts.own if row.role is Role.VANTAGE and row.network in _networks(event)]
    ranked = sorted(visits, key=lambda row: (row.measurement not in witnesses, _distance(row, event), row.measurement))
    room = max(1, (most - len(experiments)) // _EACH)
    near, rest = ranked[: -(-2 * room // 3)], ranked[-(-2 * room // 3) :]
    spread = rest[:: max(1, -(-len(rest) // max(1, room // 3)))]
    picked = [*near, *spread]
    controls = _controls(facts, picked)
    names = [*(row.measurement for row in picked), *experiments, *controls]
    return tuple(dict.fromkeys(names))


def _controls(facts: Slice, picked: Sequence[Outcome]) -> list[str]:
    """What the controls measured of the same page beside each: the verdicts rest on them."""
    beside = facts.settings.beside
    by_page: dict[str, list[Outcome]] = {}
    for row in facts.own:
        if row.role is Role.CONTROL:
            by_page.setdefault(row.url, []).append(row)
    return [
        row.measurement
        for visit in picked
        for row in by_page.get(visit.url, ())
        if abs(row.time - visit.time) <= beside
    ]


def _targets(rows: Sequence[Outcome], event: BlockingEvent) -> frozenset[str]:
    """The event's target, all innocuous ones, and the few others of which there is most."""
    counts: dict[str, int] = {}
    for row in rows:
        if not row.innocuous and row.target != event.target:
            counts[row.target] = counts.get(row.target, 0) + 1
    others = sorted(counts, key=lambda target: (-counts[target], target))[:PEERS]
    return frozenset({event.target, *others, *(row.target for row in rows if row.innocuous)})


def _networks(event: BlockingEvent) -> frozenset[str]:
    return frozenset(event.networks)


def _distance(row: Outcome, event: BlockingEvent) -> timedelta:
    """How far a result is from the onset or the end, whichever is nearer."""
    edges = [event.onset[1]] if event.end is None else [event.onset[1], event.end[0] or event.end[1]]
    return min(abs(row.time - edge) for edge in edges)

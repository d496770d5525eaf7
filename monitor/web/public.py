"""What strangers may see of a store: events that are likely or confirmed, and nothing that says more than they do.

A result that is not covered by such an event is never shown as blocked; vantage points go by their network, times are
rounded to five minutes, and documents and reasons stay inside (DESIGN §1.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from monitor.model import (
    BlockingEvent,
    Cell,
    Day,
    EventKind,
    Evidence,
    Finding,
    Health,
    Interval,
    Latest,
    Locus,
    NetworkSpan,
    Outcome,
    State,
    Tier,
    VantageStatus,
)
from monitor.store import Store
from monitor.web.settings import PageSettings
from probes.model import Measurement, Role, VantagePoint

TIERS = (Tier.LIKELY, Tier.CONFIRMED)
ROUND = timedelta(minutes=5)
"""Times are told no finer: a visit to the second could be found again in a provider's log."""
WITHHELD = "public.unconfirmed"
"""Stands as the rule of a blocked result that no likely or confirmed event covers."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PublicStore:
    """Reads a store, for strangers; it has the reading half of `Store`, and nothing that writes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def simulated(self) -> bool:
        """Whether everything in it is simulated."""
        return self._store.simulated

    @cached_property
    def _shown(self) -> tuple[BlockingEvent, ...]:
        return tuple(event for event in self._store.events() if event.tier in TIERS)

    def events(self, *, target: str | None = None, country: str | None = None) -> tuple[BlockingEvent, ...]:
        """The events that are shown, the latest onset first."""
        return tuple(
            _rounded(event)
            for event in self._shown
            if target in (None, event.target) and country in (None, event.country)
        )

    def revisions(self, event: str) -> tuple[BlockingEvent, ...]:
        """What was said of an event since it was likely; nothing where it is not shown now."""
        known = self._store.revisions(event)
        if not known or known[-1].tier not in TIERS:
            return ()
        return tuple(_rounded(each) for each in known if each.tier in TIERS)

    def latest(self) -> tuple[Latest, ...]:
        """The newest outcomes, as far as they are shown."""
        return tuple(
            replace(entry, outcome=self._told(entry.outcome), since=floor(entry.since))
            for entry in self._store.latest()
        )

    def outcomes(self, **asked: Any) -> tuple[Outcome, ...]:
        """Outcomes, as far as they are shown; a vantage point cannot be asked for, for it has no name here."""
        asked.pop("vantage", None)
        return tuple(map(self._told, self._store.outcomes(**asked)))

    def days(
        self, *, since: date | None = None, until: date | None = None, target: str | None = None
    ) -> tuple[Day, ...]:
        """Counts per day; blocked ones only where an event covers them."""
        return tuple(map(self._day, self._store.days(since=since, until=until, target=target)))

    def cells(
        self, *, since: datetime | None = None, until: datetime | None = None, target: str | None = None
    ) -> tuple[Cell, ...]:
        """Imported cells; blocked ones only where an event covers them."""
        return tuple(map(self._cell, self._store.cells(since=since, until=until, target=target)))

    def health(self) -> tuple[VantageStatus, ...]:
        """One status per network, the best one, without a reason."""
        ranks = (Health.HEALTHY, Health.UNKNOWN, Health.SICK, Health.OFFLINE)
        found: dict[str, VantageStatus] = {}
        for status in sorted(self._store.health(), key=lambda status: ranks.index(status.health), reverse=True):
            name = place(status.role, status.country, status.network)
            seen = status.last_seen and floor(status.last_seen)
            found[name] = replace(status, vantage=name, why="", last_seen=seen)
        return tuple(found[name] for name in sorted(found))

    def counts(self) -> Mapping[str, int]:
        """How much is stored; of events, those that are shown."""
        shown = len(self._shown)
        return dict(self._store.counts()) | {"events": shown, "event_revisions": shown}

    def findings(self, **_: Any) -> tuple[Finding, ...]:
        """Experiments stay inside."""
        return ()

    def measurement(self, _: str) -> Measurement | None:
        """Documents stay inside."""
        return None

    def document(self, _: str) -> dict[str, Any] | None:
        """Documents stay inside."""
        return None

    def original(self, _: str) -> bytes | None:
        """Documents stay inside."""
        return None

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    @cached_property
    def _covering(self) -> Mapping[tuple[str, str], Sequence[BlockingEvent]]:
        found: dict[tuple[str, str], list[BlockingEvent]] = {}
        for event in self._shown:
            if event.kind is EventKind.BLOCKING and not event.retracted:
                found.setdefault((event.target, event.country), []).append(event)
        return found

    def _covered(self, row: Outcome | Cell | Day, since: datetime, until: datetime) -> bool:
        """Whether a shown event covers some of this stretch of a target on a network."""
        return any(
            row.network in event.networks
            and (event.onset[0] or event.onset[1]) <= until
            and (event.end is None or since <= event.end[1])
            for event in self._covering.get((row.target, row.country), ())
        )

    def _told(self, outcome: Outcome) -> Outcome:
        name = place(outcome.role, outcome.country, outcome.network)
        verdict = outcome.verdict
        if verdict.state is State.BLOCKED and not self._covered(outcome, outcome.time, outcome.time):
            verdict = replace(
                verdict,
                state=State.INSUFFICIENT,
                rule_id=WITHHELD,
                layer=None,
                technique=None,
                locus=Locus.UNKNOWN,
                evidence=Evidence.NONE,
                failure=None,
                also=(),
                ipv4=None,
                ipv6=None,
            )
        return replace(outcome, vantage=name, time=floor(outcome.time), verdict=verdict)

    def _day(self, day: Day) -> Day:
        if not day.blocked:
            return day
        start = datetime.combine(day.day, time(), UTC)
        if self._covered(day, start, start + timedelta(days=1)):
            return day
        return replace(day, blocked=0, insufficient=day.insufficient + day.blocked)

    def _cell(self, cell: Cell) -> Cell:
        name = place(cell.role, cell.country, cell.network)
        if not cell.blocked or self._covered(cell, cell.start, cell.end):
            return replace(cell, vantage=name, witnesses=())
        return replace(
            cell,
            vantage=name,
            blocked=0,
            insufficient=cell.insufficient + cell.blocked,
            layer=None,
            technique=None,
            locus=Locus.UNKNOWN,
            evidence=Evidence.NONE,
            witnesses=(),
        )


def public_settings(settings: PageSettings) -> PageSettings:
    """The settings with one vantage point per network, under the network's name."""
    points: dict[str, VantagePoint] = {}
    for point in settings.vantage_points:
        name = place(point.role, point.country, point.network)
        points.setdefault(name, replace(point, id=name))
    return replace(settings, vantage_points=tuple(points.values()))


def place(role: Role, country: str, network: str) -> str:
    """What vantage points are called in public: by their network and country.

    >>> place(Role.VANTAGE, "KG", "AS12997"), place(Role.CONTROL, "DE", "")
    ('AS12997 KG', 'control DE')
    """
    words = ("control" if role is Role.CONTROL else "", network, country)
    return " ".join(filter(None, words)) or "vantage point"


def floor(moment: datetime) -> datetime:
    """The time rounded down.

    >>> floor(datetime(2026, 1, 18, 14, 3, 5, tzinfo=UTC)).isoformat()
    '2026-01-18T14:00:00+00:00'
    """
    return moment - (moment - _EPOCH) % ROUND


def _widened(interval: Interval) -> Interval:
    """An interval that holds the given one, with edges on the round."""
    earliest, latest = interval
    return (earliest and floor(earliest), latest + (_EPOCH - latest) % ROUND)


def _rounded(event: BlockingEvent) -> BlockingEvent:
    return replace(
        event,
        onset=_widened(event.onset),
        end=event.end and _widened(event.end),
        alarm=floor(event.alarm),
        spans=tuple(_spans(event.spans)),
        witnesses=(),
    )


def _spans(spans: Iterable[NetworkSpan]) -> Iterable[NetworkSpan]:
    for span in spans:
        yield replace(
            span,
            onset=_widened(span.onset),
            end=span.end and _widened(span.end),
            alarm=floor(span.alarm),
            witnesses=(),
        )

"""The front page's table: which state each target has at each vantage point now. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.metrics.glance import Glance, is_fresh, is_heard, live, strongest
from monitor.model import Health, Latest, Outcome, VantageStatus
from monitor.web.settings import PageSettings
from probes.model import Role, Target, VantagePoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """One target at one vantage point."""

    state: str
    """A State's value; `stale` where the newest result is too old, `none` where there is none."""
    vantage: str
    entry: Latest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One target and its squares, in the order of the columns."""

    target: Target
    squares: tuple[Square, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Targets x vantage points, now."""

    columns: tuple[VantageStatus, ...]
    watched: tuple[Row, ...]
    innocuous: tuple[Row, ...]
    newest: datetime | None

    @property
    def summary(self) -> Mapping[str, int]:
        """State -> how many squares of watched targets at vantage points (controls left out) have it."""
        roles = {column.vantage: column.role for column in self.columns}
        squares = (square for row in self.watched for square in row.squares)
        return Counter(square.state for square in squares if roles[square.vantage] is Role.VANTAGE)

    @property
    def unwell(self) -> tuple[VantageStatus, ...]:
        """The vantage points that must not be believed now."""
        return tuple(
            column
            for column in self.columns
            if column.role is Role.VANTAGE and column.health in (Health.SICK, Health.OFFLINE)
        )


def board(seen: Glance, settings: PageSettings, now: datetime) -> Board:
    """The table of what is configured; what the store knows beside that is shown only while it is fresh."""
    entries = live(seen.latest)
    present = [entry for entry in entries if is_fresh(entry, now, settings.fresh)]
    columns = _columns(seen.health, entries, settings, now)
    squares = strongest(entries) | strongest(present)
    rows = [_row(target, columns, squares, settings, now) for target in _targets(settings, present)]
    return Board(
        columns=columns,
        watched=tuple(row for row in rows if not row.target.innocuous),
        innocuous=tuple(row for row in rows if row.target.innocuous),
        newest=max((entry.outcome.time for entry in entries), default=None),
    )


def _columns(
    health: Iterable[VantageStatus], entries: Iterable[Latest], settings: PageSettings, now: datetime
) -> tuple[VantageStatus, ...]:
    """What is configured and what was heard of lately; those that watch before the controls, each by its id.

    Health is that of now only while the vantage point measures.
    """
    newest = {entry.outcome.vantage: entry.outcome for entry in sorted(entries, key=lambda entry: entry.outcome.time)}
    found = {point.id: _unheard(point.id, point, newest.get(point.id)) for point in settings.vantage_points}
    for outcome in newest.values():
        if outcome.vantage not in found and now - outcome.time <= settings.fresh:
            found[outcome.vantage] = _unheard(outcome.vantage, outcome, outcome)
    found |= {
        status.vantage: status for status in health if status.vantage in found and is_heard(status, now, settings.fresh)
    }
    return tuple(sorted(found.values(), key=lambda column: (column.role is not Role.VANTAGE, column.vantage)))


def _unheard(vantage: str, place: Outcome | VantagePoint, newest: Outcome | None) -> VantageStatus:
    return VantageStatus(
        vantage=vantage,
        country=place.country,
        network=place.network,
        role=place.role,
        health=Health.UNKNOWN,
        why="",
        last_seen=None if newest is None else newest.time,
        simulated=place.simulated,
    )


def _targets(settings: PageSettings, present: Sequence[Latest]) -> tuple[Target, ...]:
    named = {target.id: target for target in settings.targets}
    others = {
        entry.outcome.target: Target(
            id=entry.outcome.target, urls=(entry.outcome.url,), innocuous=entry.outcome.innocuous
        )
        for entry in present
    }
    return tuple((named | {name: target for name, target in others.items() if name not in named}).values())


def _row(
    target: Target,
    columns: Iterable[VantageStatus],
    entries: Mapping[tuple[str, str], Latest],
    settings: PageSettings,
    now: datetime,
) -> Row:
    return Row(
        target=target,
        squares=tuple(
            square(column.vantage, entries.get((target.id, column.vantage)), settings, now) for column in columns
        ),
    )


def square(vantage: str, entry: Latest | None, settings: PageSettings, now: datetime) -> Square:
    """What a vantage point's newest result says of a target now."""
    if entry is None:
        return Square(state="none", vantage=vantage)
    fresh = is_fresh(entry, now, settings.fresh)
    return Square(state=entry.outcome.verdict.state.value if fresh else "stale", vantage=vantage, entry=entry)

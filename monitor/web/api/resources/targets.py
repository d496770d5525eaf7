"""`/api/v1/targets`: what is watched, and how it stands now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.model import BlockingEvent
from monitor.web.api.asked import Asked
from monitor.web.api.column import Column, Kind
from monitor.web.api.resource import One, Resource, Rows, cut
from monitor.web.board import Board, Row, board
from monitor.web.ground import Ground
from monitor.web.nets import STATES
from monitor.web.text import host_of
from probes.model import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A target as it stands now."""

    row: Row
    counts: Mapping[str, int]
    events: tuple[str, ...]

    @property
    def state(self) -> str:
        """The strongest state at any vantage point, controls left out."""
        return next((state for state in STATES if self.counts.get(state)), "none")


def _standing(row: Row, table: Board, events: Mapping[str, tuple[str, ...]], asked: Asked) -> Standing | None:
    """None where no vantage point that is asked for is left."""
    columns = {
        column.vantage
        for column in table.columns
        if column.role is Role.VANTAGE and asked.fits(country=column.country, network=column.network)
    }
    counts = Counter(square.state for square in row.squares if square.vantage in columns)
    if not columns and (asked.country or asked.network):
        return None
    return Standing(row=row, counts=counts, events=events.get(row.target.id, ()))


def _open(events: tuple[BlockingEvent, ...]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for event in events:
        if event.end is None and not event.retracted:
            found[event.target] = (*found.get(event.target, ()), event.id)
    return found


def _read(asked: Asked, ground: Ground) -> Rows:
    seen, settings = ground.look(), ground.settings()
    table, events = board(seen, settings, ground.clock()), _open(seen.events)
    rows = [row for row in (*table.watched, *table.innocuous) if asked.fits(target=row.target.id)]
    found = (_standing(row, table, events, asked) for row in rows if asked.fits(category=row.target.category))
    kept = [each for each in found if each is not None and asked.fits(state=each.state)]
    kept.sort(key=lambda each: each.row.target.id)
    return cut(kept, asked, lambda each: (each.row.target.id,), simulated=seen.simulated or settings.simulated)


def _one(name: str, ground: Ground) -> Mapping[str, Any] | None:
    rows = _read(Asked(target=name), ground)
    return {"simulated": rows.simulated, "target": RESOURCE.row(rows.records[0])} if rows.records else None


COLUMNS = (
    Column(name="id", kind=Kind.TEXT, what="Its stable id.", of=lambda each: each.row.target.id),
    Column(name="name", kind=Kind.TEXT, what="Its name for people, or empty.", of=lambda each: each.row.target.name),
    Column(
        name="hosts",
        kind=Kind.LIST,
        what="Bare host names of its URLs, in ASCII.",
        of=lambda each: sorted({host_of(url) for url in each.row.target.urls}),
    ),
    Column(name="category", kind=Kind.TEXT, what="Its category.", of=lambda each: each.row.target.category),
    Column(
        name="innocuous",
        kind=Kind.BOOLEAN,
        what="true: nobody blocks it, and vantage points are judged by it.",
        of=lambda each: each.row.target.innocuous,
    ),
    Column(
        name="state",
        kind=Kind.TEXT,
        what="The strongest state now at any vantage point that is asked for; `stale`: too old, `none`: no data.",
        values=STATES,
    ),
    Column(name="counts", kind=Kind.OBJECT, what="How many vantage points see which state now."),
    Column(name="open_events", kind=Kind.LIST, what="Ids of its events that go on.", of=lambda each: each.events),
)
RESOURCE = Resource(
    name="targets",
    what="Targets and how they stand now, by id.",
    columns=COLUMNS,
    filters=("country", "network", "category", "target", "state"),
    read=_read,
    one=One(
        what="One target.",
        read=_one,
        schema={"target": {"type": "object", "properties": {each.name: each.schema for each in COLUMNS}}},
    ),
)

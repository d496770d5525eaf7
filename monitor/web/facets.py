"""What a page can be narrowed to: choices, the wish in the address, the front page's table cut down to it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from monitor.model import BlockingEvent, VantageStatus
from monitor.web.board import Board, Row
from monitor.web.nets import STATES
from probes.model import Role, Target

NAMES = ("country", "network", "category", "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One question with its possible answers; `chosen` is empty for any."""

    name: str
    choices: tuple[str, ...]
    chosen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What is asked for; an answer that nothing fits is kept, and leaves nothing over."""

    country: str = ""
    network: str = ""
    category: str = ""
    state: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Facets:
        """From an address; texts are cut at a length that no name has."""
        return cls(**{name: query.get(name, "")[:64] for name in NAMES})

    def __bool__(self) -> bool:
        return any((self.country, self.network, self.category, self.state))

    def choices(self, table: Board) -> tuple[Facet, ...]:
        """The questions that have more than one answer in a table, or were answered."""
        watching = [column for column in table.columns if column.role is Role.VANTAGE]
        found = {
            "country": sorted({column.country for column in watching}),
            "network": sorted({column.network for column in watching}),
            "category": sorted({row.target.category for row in table.watched if row.target.category}),
            "state": [state for state in STATES if table.summary.get(state)],
        }
        facets = (
            Facet(name=name, choices=tuple(choices), chosen=getattr(self, name)) for name, choices in found.items()
        )
        return tuple(facet for facet in facets if facet.chosen or len(facet.choices) > 1)

    def narrow(self, table: Board) -> Board:
        """The table with only the columns and rows that fit; controls stay beside what they are controls of."""
        kept = [index for index, column in enumerate(table.columns) if self._at(column)]
        watched = [
            replace(row, squares=tuple(row.squares[index] for index in kept))
            for row in table.watched
            if self.category in ("", row.target.category)
        ]
        columns = tuple(table.columns[index] for index in kept)
        shown = tuple(row for row in watched if not self.state or self._somewhere(row, columns))
        innocuous = tuple(replace(row, squares=tuple(row.squares[index] for index in kept)) for row in table.innocuous)
        return replace(table, columns=columns, watched=shown, innocuous=innocuous)

    def events(self, events: Iterable[BlockingEvent], targets: Iterable[Target]) -> tuple[BlockingEvent, ...]:
        """The events that fit; a state says nothing of an event."""
        named = {target.id for target in targets if target.category == self.category}
        return tuple(
            event
            for event in events
            if self.country in ("", event.country)
            and (not self.network or self.network in event.networks)
            and (not self.category or event.target in named)
        )

    def _at(self, column: VantageStatus) -> bool:
        if column.role is Role.CONTROL:
            return True
        return self.country in ("", column.country) and self.network in ("", column.network)

    def _somewhere(self, row: Row, columns: tuple[VantageStatus, ...]) -> bool:
        pairs = zip(row.squares, columns, strict=True)
        return any(square.state == self.state for square, column in pairs if column.role is Role.VANTAGE)

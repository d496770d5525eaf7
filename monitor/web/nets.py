"""Networks as they stand now: the vantage points of each, and the strongest state that they see of a target. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from monitor.model import VantageStatus
from monitor.web.board import Board
from probes.model import Role

STATES = ("blocked", "down", "insufficient", "ok", "stale", "none")
"""From the loudest to the most silent: the first that any of several vantage points sees speaks for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """One network in one country; a target's state is the strongest of its vantage points."""

    country: str
    network: str
    points: tuple[VantageStatus, ...]
    states: Mapping[str, str]
    """Watched target -> state."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many targets have which state."""
        return Counter(self.states.values())


def nets(table: Board) -> Iterator[Net]:
    """The networks of a board, by country and name; controls are no part of them."""
    points = [column for column in table.columns if column.role is Role.VANTAGE]
    ordered = sorted(points, key=lambda point: (point.country, point.network, point.vantage))
    for (country, network), group in groupby(ordered, key=lambda point: (point.country, point.network)):
        inside = tuple(group)
        names = {point.vantage for point in inside}
        yield Net(
            country=country,
            network=network,
            points=inside,
            states={
                row.target.id: min((each.state for each in row.squares if each.vantage in names), key=STATES.index)
                for row in table.watched
            },
        )

"""`/api/v1/networks`: each network that is measured from, and what it does to the targets now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from monitor.model import Health, VantageStatus
from monitor.web.api.asked import Asked
from monitor.web.api.column import Column, Kind
from monitor.web.api.resource import Resource, Rows, cut
from monitor.web.api.resources.targets import STATES
from monitor.web.board import Board, board
from monitor.web.ground import Ground
from probes.model import Role


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


def _read(asked: Asked, ground: Ground) -> Rows:
    seen, settings = ground.look(), ground.settings()
    table = board(seen, settings, ground.clock())
    found = [net for net in nets(table) if asked.fits(country=net.country, network=net.network)]
    return cut(found, asked, lambda net: (net.country, net.network), simulated=seen.simulated or settings.simulated)


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


RESOURCE = Resource(
    name="networks",
    what="Networks that are measured from, by country and name; controls are left out.",
    columns=(
        Column(name="country", kind=Kind.TEXT, what="Its country (ISO 3166-1 alpha-2); may be empty."),
        Column(name="network", kind=Kind.TEXT, what="Its autonomous system; may be empty."),
        Column(
            name="vantage_points",
            kind=Kind.INTEGER,
            what="How many vantage points are in it …",
            of=lambda net: len(net.points),
        ),
        Column(
            name="healthy",
            kind=Kind.INTEGER,
            what="… and how many of those can be believed now.",
            of=lambda net: sum(point.health is Health.HEALTHY for point in net.points),
        ),
        Column(name="counts", kind=Kind.OBJECT, what="How many watched targets have which state there now."),
        Column(
            name="blocked",
            kind=Kind.LIST,
            what="Ids of the targets for which it shows what is consistent with blocking now.",
            of=lambda net: sorted(name for name, state in net.states.items() if state == "blocked"),
        ),
    ),
    filters=("country", "network"),
    read=_read,
)

"""`/api/v1/networks`: each network that is measured from, and what it does to the targets now."""

from __future__ import annotations

from monitor.model import Health
from monitor.web.api.asked import Asked
from monitor.web.api.column import Column, Kind
from monitor.web.api.resource import Resource, Rows, cut
from monitor.web.board import board
from monitor.web.ground import Ground
from monitor.web.nets import nets


def _read(asked: Asked, ground: Ground) -> Rows:
    seen, settings = ground.look(), ground.settings()
    table = board(seen, settings, ground.clock())
    found = [net for net in nets(table) if asked.fits(country=net.country, network=net.network)]
    return cut(found, asked, lambda net: (net.country, net.network), simulated=seen.simulated or settings.simulated)


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

"""`/api/v1/vantage-points`: where it is measured from, and whether that can be believed. No operator, no address."""

from __future__ import annotations

from monitor.model import Health
from monitor.web.api.asked import Asked
from monitor.web.api.column import Column, Kind
from monitor.web.api.resource import Resource, Rows, cut
from monitor.web.board import board
from monitor.web.ground import Ground
from probes.model import Role


def _read(asked: Asked, ground: Ground) -> Rows:
    seen, settings = ground.look(), ground.settings()
    found = [
        column
        for column in board(seen, settings, ground.clock()).columns
        if asked.fits(country=column.country, network=column.network)
    ]
    found.sort(key=lambda column: column.vantage)
    return cut(found, asked, lambda column: (column.vantage,), simulated=seen.simulated or settings.simulated)


RESOURCE = Resource(
    name="vantage-points",
    what="Vantage points and controls, by id.",
    columns=(
        Column(name="vantage", kind=Kind.TEXT, what="Its stable id."),
        Column(name="country", kind=Kind.TEXT, what="Its country (ISO 3166-1 alpha-2); may be empty."),
        Column(name="network", kind=Kind.TEXT, what="Its autonomous system; may be empty."),
        Column(
            name="role",
            kind=Kind.TEXT,
            what="vantage: where a censor may sit; control: where none does.",
            values=tuple(Role),
        ),
        Column(name="health", kind=Kind.TEXT, what="Whether its results can be believed now.", values=tuple(Health)),
        Column(name="why", kind=Kind.TEXT, what="Why it is sick or offline, in English; else empty."),
        Column(name="last_seen", kind=Kind.TIME, what="Its newest measurement.", optional=True),
        Column(name="simulated", kind=Kind.BOOLEAN, what="Whether it measures a simulated network."),
    ),
    filters=("country", "network"),
    read=_read,
)

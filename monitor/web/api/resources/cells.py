"""`/api/v1/cells`: verdicts of one target folded by hour and vantage point, and imported cells beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.cells import fold
from monitor.model import Cell, Layer, Locus
from monitor.web.api.asked import Asked
from monitor.web.api.column import Column, Kind
from monitor.web.api.cursor import Place
from monitor.web.api.problem import QuestionError
from monitor.web.api.resource import Resource, Rows, cut
from monitor.web.ground import Ground
from probes.model import Role

_USUAL = timedelta(days=1)
_LONGEST = timedelta(days=8)
"""At 5 minutes these are 2304 results a vantage point."""
_WIDTH = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _read(asked: Asked, ground: Ground) -> Rows:
    if asked.target is None:
        raise QuestionError("target: expected a target's id; cells are given for one target at a time")
    since, until = _span(asked, ground.clock())
    simulated = ground.settings().simulated
    found: tuple[Cell, ...] = ()
    with ground.reader() as store:
        if store is not None:
            simulated = simulated or store.simulated
            rows = store.outcomes(since=since, until=until, target=asked.target, vantage=asked.vantage)
            shown = store.findings(since=since, until=until, target=asked.target, vantage=asked.vantage)
            found = (
                *fold(rows, width=_WIDTH, findings=shown),
                *store.cells(since=since, until=until, target=asked.target),
            )
    kept = sorted((cell for cell in found if _wanted(cell, asked)), key=_place)
    return cut(kept, asked, _place, simulated=simulated)


def _span(asked: Asked, now: datetime) -> tuple[datetime, datetime]:
    until = asked.until or now
    since = asked.since or until - _USUAL
    if until - since > _LONGEST:
        raise QuestionError(f"since, until: expected at most {_LONGEST.days} days; ask for /api/v1/series, or in parts")
    return since, until


def _wanted(cell: Cell, asked: Asked) -> bool:
    return asked.fits(country=cell.country, network=cell.network, vantage=cell.vantage)


def _place(cell: Cell) -> Place:
    return ((cell.start - _EPOCH) // timedelta(microseconds=1), cell.country, cell.network, cell.vantage, cell.source)


def _count(name: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, what=f"Measurements that are {name}.")


RESOURCE = Resource(
    name="cells",
    what="Verdicts of one target by hour and vantage point, by time; a day where no time is asked for, 8 at most.",
    columns=(
        Column(name="target", kind=Kind.TEXT, what="The target's id."),
        Column(name="country", kind=Kind.TEXT, what="The country; may be empty."),
        Column(name="network", kind=Kind.TEXT, what="The network; may be empty."),
        Column(name="vantage", kind=Kind.TEXT, what="The vantage point's id."),
        Column(name="role", kind=Kind.TEXT, what="vantage or control.", values=tuple(Role)),
        Column(name="start", kind=Kind.TIME, what="Its first measurement …"),
        Column(name="end", kind=Kind.TIME, what="… and its last one; not the edges of the hour."),
        _count("ok"),
        _count("down"),
        _count("blocked"),
        _count("insufficient"),
        Column(name="layer", kind=Kind.TEXT, what="Where it showed.", values=tuple(Layer), optional=True),
        Column(name="technique", kind=Kind.TEXT, what="What the blocked ones are consistent with.", optional=True),
        Column(name="locus", kind=Kind.TEXT, what="Who made the difference, as far as known.", values=tuple(Locus)),
        Column(name="controls_agree", kind=Kind.INTEGER, what="Controls that agree with the loudest verdict …"),
        Column(name="controls_total", kind=Kind.INTEGER, what="… of those that were asked."),
        Column(name="decisive", kind=Kind.INTEGER, what="Experiments that showed the network to make the difference."),
        Column(name="exonerating", kind=Kind.INTEGER, what="Experiments that excused it."),
        Column(name="witnesses", kind=Kind.LIST, what="Ids of the blocked measurements."),
        Column(name="source", kind=Kind.TEXT, what="Where an imported series came from; empty: our own measurements."),
        Column(name="simulated", kind=Kind.BOOLEAN, what="Whether it was measured on a simulated network."),
    ),
    filters=("target", "country", "network", "vantage", "since", "until"),
    read=_read,
)

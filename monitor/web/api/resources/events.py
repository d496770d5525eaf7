"""`/api/v1/events`: blocking events, the latest onset first; one of them, and everything that was ever said of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from monitor.model import BlockingEvent, EventKind, Locus, Tier
from monitor.web.api.asked import Asked
from monitor.web.api.column import Column, Kind
from monitor.web.api.cursor import Place
from monitor.web.api.resource import One, Resource, Rows, cut
from monitor.web.ground import Ground

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _read(asked: Asked, ground: Ground) -> Rows:
    with ground.reader() as store:
        found = () if store is None else store.events(target=asked.target, country=asked.country)
        simulated = ground.settings().simulated or (store is not None and store.simulated)
    targets = {each.id for each in ground.settings().targets if each.category == asked.category}
    kept = [event for event in found if _wanted(event, asked) and (asked.category is None or event.target in targets)]
    return cut(kept, asked, _place, simulated=simulated)


def _wanted(event: BlockingEvent, asked: Asked) -> bool:
    if asked.network is not None and asked.network not in event.networks:
        return False
    if asked.open is not None and asked.open is not (event.end is None):
        return False
    began, ended = event.onset[0] or event.onset[1], None if event.end is None else event.end[1]
    outside = (asked.until is not None and began >= asked.until) or (
        asked.since is not None and ended is not None and ended < asked.since
    )
    return not outside and asked.fits(tier=event.tier.value)


def _place(event: BlockingEvent) -> Place:
    """In the order in which the store gives them."""
    return (-round((event.onset[1] - _EPOCH).total_seconds() * 1e6), event.id)


def _one(name: str, ground: Ground) -> Mapping[str, Any] | None:
    found = _said(name, ground)
    return {"simulated": found[-1].simulated, "event": RESOURCE.row(found[-1])} if found else None


def _revisions(name: str, ground: Ground) -> Mapping[str, Any] | None:
    found = _said(name, ground)
    return {"simulated": found[-1].simulated, "revisions": [RESOURCE.row(each) for each in found]} if found else None


def _said(name: str, ground: Ground) -> tuple[BlockingEvent, ...]:
    """Every revision, oldest first; none where it is not known."""
    with ground.reader() as store:
        return () if store is None else store.revisions(name)


COLUMNS = (
    Column(name="id", kind=Kind.TEXT, what="Its stable id."),
    Column(name="target", kind=Kind.TEXT, what="The target's id; of a network that went offline, the network."),
    Column(name="country", kind=Kind.TEXT, what="The country (ISO 3166-1 alpha-2)."),
    Column(name="networks", kind=Kind.LIST, what="The networks that it covers."),
    Column(name="onset", kind=Kind.INTERVAL, what="Between last seen ok and first seen blocked."),
    Column(
        name="end",
        kind=Kind.INTERVAL,
        what="Between last seen blocked and first seen ok; null while it goes on.",
        optional=True,
    ),
    Column(name="tier", kind=Kind.TEXT, what="How sure it is.", values=tuple(Tier)),
    Column(name="technique", kind=Kind.TEXT, what="What it is consistent with: layer.action.qualifier.", optional=True),
    Column(name="locus", kind=Kind.TEXT, what="Who made the difference, as far as known.", values=tuple(Locus)),
    Column(name="alarm", kind=Kind.TIME, what="When the statistic crossed its threshold."),
    Column(name="score", kind=Kind.NUMBER, what="log10 of the likelihood ratio at its highest."),
    Column(
        name="counts",
        kind=Kind.OBJECT,
        what="vantage_points, networks, blocked, ok, controls_agree, controls_total, flaps.",
    ),
    Column(name="witnesses", kind=Kind.LIST, what="Ids of the measurements that prove it."),
    Column(name="spans", kind=Kind.OBJECTS, what="Its part on each network, with onset, end, technique and score."),
    Column(name="disputed", kind=Kind.BOOLEAN, what="Whether controls or vantage points disagree."),
    Column(name="kind", kind=Kind.TEXT, what="What it is about.", values=tuple(EventKind)),
    Column(
        name="pushed_with", kind=Kind.LIST, what="Targets that one of these networks began to block within minutes."
    ),
    Column(name="retracted", kind=Kind.BOOLEAN, what="true: later data took it back; do not count it."),
    Column(name="simulated", kind=Kind.BOOLEAN, what="Whether it was seen on a simulated network."),
    Column(name="revision", kind=Kind.INTEGER, what="How often it was said anew; 1 is the first."),
    Column(name="detector", kind=Kind.TEXT, what="The detector's version."),
    Column(name="ruleset", kind=Kind.TEXT, what="The version of the rules."),
)
_ROW = {"type": "object", "properties": {each.name: each.schema for each in COLUMNS}}
RESOURCE = Resource(
    name="events",
    what="The newest revision of every blocking event, the latest onset first.",
    columns=COLUMNS,
    filters=("country", "network", "category", "target", "tier", "open", "since", "until"),
    read=_read,
    one=One(
        what="One event, as it was said last.",
        read=_one,
        schema={"event": _ROW},
        parts={
            "revisions": One(
                what="Everything that was ever said of an event, oldest first; a revision is never changed.",
                read=_revisions,
                schema={"revisions": {"type": "array", "items": _ROW}},
            )
        },
    ),
)

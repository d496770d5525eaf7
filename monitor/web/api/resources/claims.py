"""`/api/v1/claims`: documented dates, each beside what the measurements say of it."""

from __future__ import annotations

from monitor.model import Claim, ClaimCheck, ClaimVerdict
from monitor.web.api.asked import Asked
from monitor.web.api.column import Column, Kind
from monitor.web.api.resource import Resource, Rows, cut
from monitor.web.ground import Ground
from monitor.web.report import report


def _read(asked: Asked, ground: Ground) -> Rows:
    settings = ground.settings()
    with ground.reader() as store:
        simulated = settings.simulated or (store is not None and store.simulated)
        found = report(store, settings, ground.clock, target=asked.target)
    kept = [each for each in found.checks if _wanted(each.claim, asked)]
    kept.sort(key=lambda each: each.claim.id)
    return cut(kept, asked, lambda each: (each.claim.id,), simulated=simulated)


def _wanted(claim: Claim, asked: Asked) -> bool:
    if not asked.fits(country=claim.country):
        return False
    if asked.network is not None and claim.networks and asked.network not in claim.networks:
        return False
    before = asked.since is not None and claim.interval[1] <= asked.since
    return not before and (asked.until is None or claim.interval[0] < asked.until)


def _of_claim(name: str, kind: Kind, what: str, *, optional: bool = False) -> Column:
    return Column(name=name, kind=kind, what=what, of=lambda each: getattr(each.claim, name), optional=optional)


def _sources(each: ClaimCheck) -> list[dict[str, str]]:
    return [
        {"url": source.url, "tier": source.tier, "says": source.says, "date": source.date}
        for source in each.claim.sources
    ]


RESOURCE = Resource(
    name="claims",
    what="Documented claims and their judgement by the measurements, by id. A claim is a statement, never the truth.",
    columns=(
        _of_claim("id", Kind.TEXT, "Its stable id."),
        _of_claim("target", Kind.TEXT, "The target's id."),
        _of_claim("country", Kind.TEXT, "The country (ISO 3166-1 alpha-2)."),
        _of_claim("kind", Kind.TEXT, "blocked, unblocked, extended, ordered, threatened, court_upheld, … look_alike."),
        _of_claim("date", Kind.TEXT, "As documented: a year, month, day or time."),
        _of_claim("precision", Kind.TEXT, "How exact the date is."),
        _of_claim("interval", Kind.INTERVAL, "When it can have happened; the end is excluded."),
        _of_claim("networks", Kind.LIST, "The networks that it speaks of; empty: not told."),
        Column(name="sources", kind=Kind.OBJECTS, what="Who says so: url, tier, says, date.", of=_sources),
        _of_claim("disagreements", Kind.LIST, "Where sources contradict each other."),
        Column(name="verdict", kind=Kind.TEXT, what="What the measurements say of it.", values=tuple(ClaimVerdict)),
        Column(name="why", kind=Kind.TEXT, what="The reason, one English sentence."),
        Column(
            name="distance_days",
            kind=Kind.NUMBER,
            what="Days between the event's edge and the claim's interval; 0 where they overlap.",
            optional=True,
        ),
        Column(name="days_covered", kind=Kind.INTEGER, what="Days with measurements …"),
        Column(name="days_asked", kind=Kind.INTEGER, what="… of the days that the claim speaks of."),
        Column(name="measurements", kind=Kind.INTEGER, what="Measurements that the judgement rests on."),
        Column(name="events", kind=Kind.LIST, what="Ids of the events that it was compared with."),
        _of_claim("simulated", Kind.BOOLEAN, "Whether it is about a simulated network."),
    ),
    filters=("country", "network", "target", "since", "until"),
    read=_read,
)

"""`/api/v1/series`: counts per target, network and day, from the rollups: long spans without reading their rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from monitor.check import folded
from monitor.model import Day
from monitor.store import Store
from monitor.web.api.asked import Asked
from monitor.web.api.column import Column, Kind
from monitor.web.api.cursor import Place, after, encode
from monitor.web.api.problem import QuestionError
from monitor.web.api.resource import Resource, Rows, place_of
from monitor.web.ground import Ground

_USUAL = timedelta(days=90)
_DAY = timedelta(days=1)
_LONGEST = timedelta(days=366)
_FIRST = date(1990, 1, 1)
"""Nothing on the web is older."""


def _read(asked: Asked, ground: Ground) -> Rows:
    place = place_of(asked)
    since, until = _span(asked, ground.clock())
    if place is not None:
        since = max(since, _begun(place))
    categories = {target.id: target.category for target in ground.settings().targets}
    found: list[Day] = []
    simulated = ground.settings().simulated
    with ground.reader() as store:
        if store is not None:
            simulated = simulated or store.simulated
            for days in _parts(store, asked, since, until):
                wanted = [day for day in days if _wanted(day, asked, categories.get(day.target, ""))]
                found.extend(after(wanted, place, _place))
                if len(found) > asked.limit:
                    break
    shown = found[: asked.limit]
    more = encode(_place(shown[-1]), asked.question) if len(found) > len(shown) else None
    return Rows(records=shown, next=more, simulated=simulated)


def _span(asked: Asked, now: datetime) -> tuple[date, date]:
    """Whole days, the last one excluded; the day of `until` counts where it has begun."""
    until = asked.until or now
    last = until.astimezone(UTC).date()
    if until.astimezone(UTC).time() != datetime.min.time():
        last = min(last, date.max - _DAY) + _DAY
    since = asked.since.astimezone(UTC).date() if asked.since else max(last, _FIRST + _USUAL) - _USUAL
    if asked.target is None and last - since > _LONGEST:
        raise QuestionError("target: expected a target's id, or at most a year between since and until")
    return max(since, _FIRST), min(last, now.astimezone(UTC).date() + _DAY)


def _begun(place: Place) -> date:
    try:
        return date.fromisoformat(str(place[0]))
    except (ValueError, IndexError) as fault:
        raise QuestionError("cursor: expected the text of `next` from an answer of this resource") from fault


def _parts(store: Store, asked: Asked, since: date, until: date) -> Iterator[Sequence[Day]]:
    """The days in order: a year of one target at a time, or a week of all of them."""
    width = timedelta(days=366 if asked.target else 7)
    while since < until:
        end = min(since + width, until)
        first, last = (datetime(each.year, each.month, each.day, tzinfo=UTC) for each in (since, end))
        imported = folded(store.cells(since=first, until=last, target=asked.target))
        yield _summed((*store.days(since=since, until=end, target=asked.target), *imported))
        since = end


def _summed(days: Iterable[Day]) -> Sequence[Day]:
    """One row per target, network and day, in the order of the list: an imported series has many."""
    found: dict[Place, Day] = {}
    for day in days:
        known = found.get(_place(day))
        found[_place(day)] = day if known is None else _plus(known, day)
    return [found[place] for place in sorted(found)]


def _plus(one: Day, other: Day) -> Day:
    names = ("ok", "down", "blocked", "insufficient")
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in names})


def _wanted(day: Day, asked: Asked, category: str) -> bool:
    return asked.fits(country=day.country, network=day.network, target=day.target, category=category)


def _place(day: Day) -> Place:
    return (day.day.isoformat(), day.target, day.country, day.network)


def _count(name: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, what=f"Measurements that are {name}.")


RESOURCE = Resource(
    name="series",
    what="Counts per target, network and UTC day, by day; the last 90 days where no time is asked for. Controls and "
    "innocuous targets are left out.",
    columns=(
        Column(name="day", kind=Kind.DAY, what="The day in UTC."),
        Column(name="target", kind=Kind.TEXT, what="The target's id."),
        Column(name="country", kind=Kind.TEXT, what="The country; may be empty."),
        Column(name="network", kind=Kind.TEXT, what="The network; may be empty."),
        _count("ok"),
        _count("down"),
        _count("blocked"),
        _count("insufficient"),
    ),
    filters=("country", "network", "category", "target", "since", "until"),
    read=_read,
)

"""What must agree between the parts of the file: ids, references, and a claim's own dates.

Everything here reads the raw values and takes any shape, so that its findings come together with those about the shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta, tzinfo
from typing import Any

from monitor.config import dates
from monitor.config.tree import Tree, Where
from monitor.config.values import seconds

SHORTEST = timedelta(minutes=1)
"""Between two visits of one vantage point to one real target: more often would burden small sites (ours)."""


def relate(tree: Tree) -> None:
    """Note every disagreement between the parts of the file in the tree's problems."""
    for section in ("targets", "vantage_points", "documented"):
        _repeated_ids(tree, section)
    _contacts(tree)
    _repeated_urls(tree)
    _references(tree)
    if _at(tree.value, "simulated") is not True:
        _too_often(tree)
    for where, claim in _entries(tree.value, "documented"):
        _dates(tree, where, claim, _zone_of(tree, claim))
        if isinstance(claim, dict) and claim.get("date") is None and claim.get("interval") is None:
            tree.tell(tree.place(where), "this claim has neither date nor interval", "one of the two")
        _term(tree, where, claim, _zone_of(tree, claim))
    for where, milestone in _entries(tree.value, "milestones"):
        _dates(tree, where, milestone, _zone_of(tree, milestone))


def _at(value: Any, *way: str) -> Any:
    for key in way:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _entries(value: Any, *way: str) -> Iterator[tuple[Where, Any]]:
    found = _at(value, *way)
    for index, entry in enumerate(found if isinstance(found, list) else ()):
        yield (*way, index), entry


def _ids(tree: Tree, section: str) -> dict[str, Where]:
    """Each id of a section and where it stands first."""
    found: dict[str, Where] = {}
    for where, entry in _entries(tree.value, section):
        if isinstance(known := _at(entry, "id"), str):
            found.setdefault(known, (*where, "id"))
    return found


def _repeated_ids(tree: Tree, section: str) -> None:
    first = _ids(tree, section)
    for where, entry in _entries(tree.value, section):
        here, known = (*where, "id"), _at(entry, "id")
        if isinstance(known, str) and first[known] != here:
            tree.tell(
                tree.place(here), f"the id {known!r} is taken, in line {tree.place(first[known])[0]}", "another id"
            )


def _repeated_urls(tree: Tree) -> None:
    first: dict[str, tuple[int, int]] = {}
    for where, target in _entries(tree.value, "targets"):
        for key in ("urls", "mirrors"):
            for index, url in _entries(target, key):
                place = tree.place((*where, *index))
                if isinstance(url, str) and first.setdefault(url.rstrip("/"), place) != place:
                    told = f"this address stands twice, first in line {first[url.rstrip('/')][0]}"
                    tree.tell(place, told, "each address in one target")


def _references(tree: Tree) -> None:
    targets, points = _ids(tree, "targets"), _ids(tree, "vantage_points") or {"here": ()}
    for where, claim in _entries(tree.value, "documented"):
        named = _at(claim, "target")
        for index, target in enumerate(named if isinstance(named, list) else [named]):
            _known(tree, tree.place((*where, "target", index)), "target", target, targets)
    for where, point in _entries(tree.value, "vantage_points"):
        for place, target in _entries(point, "veto"):
            _known(tree, tree.place((*where, *place)), "target", target, targets)
    canaries = _at(tree.value, "collector", "canaries")
    for name in canaries if isinstance(canaries, dict) else ():
        _known(tree, tree.keys["collector", "canaries", name], "target", name, targets)
    for section, word, known in (("targets", "target", targets), ("vantage_points", "vantage point", points)):
        for name in (
            _at(tree.value, "schedule", section) if isinstance(_at(tree.value, "schedule", section), dict) else ()
        ):
            _known(tree, tree.keys["schedule", section, name], word, name, known)


def _contacts(tree: Tree) -> None:
    """Recipients of alerts have names of their own, and hand on to others that exist."""
    first: dict[str, Where] = {}
    entries = list(_entries(tree.value, "alerts", "recipients"))
    for where, recipient in entries:
        name, here = _at(recipient, "name"), (*where, "name")
        if isinstance(name, str) and first.setdefault(name, here) != here:
            told = f"the name {name!r} is taken, in line {tree.place(first[name])[0]}"
            tree.tell(tree.place(here), told, "another name")
    for where, recipient in entries:
        to, place = _at(recipient, "escalate_to"), tree.place((*where, "escalate_to"))
        _known(tree, place, "recipient", to, first)
        if to is not None and to == _at(recipient, "name"):
            tree.tell(place, "a recipient who hands on to themselves", "another recipient")
        for index, wish in _entries(recipient, "wants"):
            for at, target in _entries(wish, "targets"):
                _known(tree, tree.place((*where, *index, *at)), "target", target, _ids(tree, "targets"))


def _known(tree: Tree, place: tuple[int, int], word: str, name: Any, known: dict[str, Where]) -> None:
    if isinstance(name, str) and name not in known:
        tree.tell(place, f"unknown {word} {name[:60]!r}", f"the id of a {word} of this file")


def _too_often(tree: Tree) -> None:
    ways: list[tuple[str, ...]] = [("schedule", "interval")]
    for section in ("targets", "vantage_points"):
        found = _at(tree.value, "schedule", section)
        ways += [("schedule", section, name) for name in (found if isinstance(found, dict) else ())]
    every = _at(tree.value, "experiments", "every")
    ways += [
        ("experiments", "every", name) for name in (every if isinstance(every, dict) else ()) if isinstance(name, str)
    ]
    for way in ways:
        try:
            interval = seconds(_at(tree.value, *way))
        except (TypeError, ValueError):
            continue
        if timedelta() < interval < SHORTEST:
            tree.tell(
                tree.place(way), f"{_at(tree.value, *way)!r} is too often for sites of other people", "1m or more"
            )


def _zone_of(tree: Tree, claim: Any) -> tzinfo:
    for name in (_at(claim, "timezone"), _at(tree.value, "timezone"), "Asia/Bishkek"):
        try:
            return dates.zone(name)
        except (LookupError, TypeError):
            continue
    return UTC


def _dates(tree: Tree, where: Where, claim: Any, local: tzinfo) -> None:
    date, interval, precision = _at(claim, "date"), _at(claim, "interval"), _at(claim, "precision")
    known = _span(date, local)
    if known and precision in dates.PRECISIONS and _finer(precision, str(date)):
        told = f"the date {date} is less precise than a {precision}"
        tree.tell(tree.place((*where, "precision")), told, f"{dates.precision(str(date))!r} or coarser")
    ends = [_span(end, local) for end in interval] if isinstance(interval, list) else []
    if len(ends) == 2 and ends[0] and ends[1]:
        if ends[1][1] <= ends[0][0]:
            tree.tell(
                tree.place((*where, "interval")), "the interval ends before it starts", "[first, last] in this order"
            )
        elif known and (known[1] <= ends[0][0] or ends[1][1] <= known[0]):
            tree.tell(
                tree.place((*where, "date")), f"the date {date} lies outside the claim's interval", "a date within it"
            )


def _term(tree: Tree, where: Where, claim: Any, local: tzinfo) -> None:
    term, interval = _span(_at(claim, "term"), local), _at(claim, "interval")
    began = _span(interval[0] if isinstance(interval, list) and interval else _at(claim, "date"), local)
    if term and began and term[1] <= began[0]:
        told = f"the term ends on {_at(claim, 'term')}, before the claim begins"
        tree.tell(tree.place((*where, "term")), told, "the last day of the time for which it was ordered")


def _span(date: Any, local: tzinfo) -> Any:
    try:
        return dates.span(str(date), local) if isinstance(date, str | int) else None
    except dates.NotADateError:
        return None


def _finer(precision: str, date: str) -> bool:
    return dates.PRECISIONS.index(precision) < dates.PRECISIONS.index(dates.precision(date))

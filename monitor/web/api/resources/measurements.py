"""`/api/v1/measurements`: what was measured and what it means, newest first; one of them with its whole document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.model import Evidence, Layer, Locus, Outcome, State
from monitor.store import Store
from monitor.web.api.asked import Asked
from monitor.web.api.column import Column, Kind
from monitor.web.api.cursor import encode
from monitor.web.api.problem import QuestionError
from monitor.web.api.resource import One, Resource, Rows, place_of
from monitor.web.ground import Ground
from monitor.web.text import host_of
from probes.model import Role

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_READ = 20_000
"""Rows that one answer looks at: a rare state in a long history comes in several pages, some of them short."""
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _read(asked: Asked, ground: Ground) -> Rows:
    with ground.reader() as store:
        if store is None:
            return Rows(records=(), simulated=ground.settings().simulated)
        found, last = _gather(asked, store, _targets(asked, ground))
        simulated = store.simulated or ground.settings().simulated
    return Rows(records=found, next=None if last is None else encode(_place(last), asked.question), simulated=simulated)


def _targets(asked: Asked, ground: Ground) -> frozenset[str] | None:
    """The targets of the category that is asked for; None for any."""
    if asked.category is None:
        return None
    return frozenset(each.id for each in ground.settings().targets if each.category == asked.category)


def _gather(asked: Asked, store: Store, targets: frozenset[str] | None) -> tuple[list[Outcome], Outcome | None]:
    """The rows of a page, and the last row that was looked at where there are more."""
    found: list[Outcome] = []
    looked = 0
    last = None
    for row in _walk(asked, store):
        if len(found) == asked.limit or looked == _READ:
            return found, last
        looked, last = looked + 1, row
        if _wanted(row, asked, targets):
            found.append(row)
    return found, None


def _wanted(row: Outcome, asked: Asked, targets: frozenset[str] | None) -> bool:
    facts = {"country": row.country, "network": row.network, "state": row.verdict.state.value}
    return asked.fits(**facts) and (targets is None or row.target in targets)


def _walk(asked: Asked, store: Store) -> Iterator[Outcome]:
    """All rows behind the cursor, newest first, in reads that grow."""
    until, last = _begin(asked)
    batch = asked.limit + 1
    while True:
        rows = store.outcomes(
            since=asked.since, until=until, target=asked.target, vantage=asked.vantage, newest_first=True, limit=batch
        )
        batch *= 2
        if until is not None and _cut_short(rows, last, until, batch // 2):
            continue
        yield from _behind(rows, last)
        if len(rows) < batch // 2:
            return
        until, last = rows[-1].time + _MICROSECOND, rows[-1].measurement


def _cut_short(rows: Sequence[Outcome], last: str | None, until: datetime, batch: int) -> bool:
    """Whether so many rows are of the cursor's own moment that a read ends before the row that it stands for."""
    missing = last is not None and all(row.measurement != last for row in rows)
    return missing and len(rows) == batch and rows[-1].time + _MICROSECOND == until


def _behind(rows: Sequence[Outcome], last: str | None) -> Sequence[Outcome]:
    """What comes after a row that was looked at; everything where it is gone."""
    place = next((index for index, row in enumerate(rows) if row.measurement == last), -1)
    return rows[place + 1 :]


def _begin(asked: Asked) -> tuple[datetime | None, str | None]:
    match place_of(asked):
        case None:
            return asked.until, None
        case (int() as time, str() as last) if 0 <= time < 2**53:
            return _EPOCH + timedelta(microseconds=time) + _MICROSECOND, last
    raise QuestionError("cursor: expected the text of `next` from an answer of this resource")


def _place(row: Outcome) -> tuple[int | str, ...]:
    return ((row.time - _EPOCH) // _MICROSECOND, row.measurement)


def _one(name: str, ground: Ground) -> Mapping[str, Any] | None:
    with ground.reader() as store:
        if store is None or not _ID.fullmatch(name) or (found := store.measurement(name)) is None:
            return None
        rows = store.outcomes(
            since=found.started, until=found.started + _MICROSECOND, target=found.target, vantage=found.vantage.id
        )
        outcome = next((row for row in rows if row.measurement == name), None)
        return {
            "simulated": found.vantage.simulated,
            "measurement": None if outcome is None else RESOURCE.row(outcome),
            "document": store.document(name),
        }


def _of_verdict(name: str, kind: Kind, what: str, **more: Any) -> Column:
    return Column(name=name, kind=kind, what=what, of=lambda row: getattr(row.verdict, name), **more)


def _seconds(name: str, what: str) -> Column:
    return Column(
        name=f"{name}_seconds", kind=Kind.NUMBER, what=what, of=lambda row: getattr(row.timings, name), optional=True
    )


COLUMNS = (
    Column(name="measurement", kind=Kind.TEXT, what="Its id: the hash of its document."),
    Column(name="time", kind=Kind.TIME, what="When it began."),
    Column(name="target", kind=Kind.TEXT, what="The target's id."),
    Column(name="host", kind=Kind.TEXT, what="Bare host name of the URL, in ASCII.", of=lambda row: host_of(row.url)),
    Column(name="url", kind=Kind.TEXT, what="The URL that was visited."),
    Column(name="vantage", kind=Kind.TEXT, what="The vantage point's id."),
    Column(name="country", kind=Kind.TEXT, what="The vantage point's country; may be empty."),
    Column(name="network", kind=Kind.TEXT, what="The vantage point's network; may be empty."),
    Column(name="role", kind=Kind.TEXT, what="vantage or control.", values=tuple(Role)),
    _of_verdict("state", Kind.TEXT, "What it says; `insufficient` is never to be read as ok.", values=tuple(State)),
    _of_verdict("layer", Kind.TEXT, "Where it showed.", values=tuple(Layer), optional=True),
    _of_verdict("technique", Kind.TEXT, "What it is consistent with: layer.action.qualifier.", optional=True),
    _of_verdict("locus", Kind.TEXT, "Who made the difference, as far as known.", values=tuple(Locus)),
    _of_verdict("evidence", Kind.TEXT, "How much the failure proves.", values=tuple(Evidence)),
    _of_verdict("rule_id", Kind.TEXT, "The rule that decided."),
    _of_verdict("ruleset", Kind.TEXT, "The version of the rules."),
    _of_verdict("failure", Kind.TEXT, "The failure in OONI's words (df-007).", optional=True),
    _of_verdict("controls_agree", Kind.INTEGER, "Controls whose result agrees …"),
    _of_verdict("controls_total", Kind.INTEGER, "… of those that were asked."),
    Column(name="status", kind=Kind.INTEGER, what="HTTP status of the last answer.", optional=True),
    _seconds("dns", "Seconds that the lookup took; null where there was none."),
    _seconds("tcp", "Seconds that connecting took."),
    _seconds("tls", "Seconds that the handshake took."),
    _seconds("first_byte", "Seconds from request to first byte."),
    _seconds("total", "Seconds in all."),
    Column(name="simulated", kind=Kind.BOOLEAN, what="Whether it was measured on a simulated network."),
)
RESOURCE = Resource(
    name="measurements",
    what="Measurements with their verdicts, newest first. A page may be short, or empty, and still have a `next`.",
    columns=COLUMNS,
    filters=("country", "network", "category", "target", "vantage", "state", "since", "until"),
    read=_read,
    one=One(
        what="One measurement: its verdict, and the whole document whose hash is its id.",
        read=_one,
        schema={
            "measurement": {
                "type": ["object", "null"],
                "description": "The row of the list; null for an experiment, which has no verdict.",
                "properties": {each.name: each.schema for each in COLUMNS},
            },
            "document": {
                "type": "object",
                "description": "Everything that was seen, step by step.",
            },
        },
    ),
)

"""The newest outcome of each page at each vantage point, and since when its state has been the same.

Two tables are fed by every insert: `latest` keeps the newest row of a page, `page_state` when a page was first and last
seen in each state. Both take the same row twice without harm. Verdicts that were judged again leave `page_state` with
states that a page is not in any more: so the last moment of another state is looked up in the rows, from the hint that
`page_state` gives, and over the page's whole past where the hint misled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from monitor.model import Latest
from monitor.store.admission import grouped
from monitor.store.clickhouse.http import Row, Server
from monitor.store.clickhouse.literal import literal
from monitor.store.dialect import CLICKHOUSE, HOUR
from monitor.store.flat import OUTCOME, SAME
from monitor.store.sql import sentence
from monitor.store.times import moment

Page: TypeAlias = tuple[str, str, str]

_PAGES = 100
"""So many pages are looked up with one question."""
_AROUND = 26 * HOUR
"""How far before and after the hint is looked first: a day of the schedule, and an hour beyond its ends."""
_NEWEST = sentence("SELECT", OUTCOME.listed, ", seq, revision FROM latest FINAL ORDER BY time, seq")
_STATES = (
    "SELECT target, url, vantage, state, minMerge(oldest), maxMerge(newest) FROM page_state "
    "GROUP BY target, url, vantage, state"
)
_ROWS = (
    "SELECT target, url, vantage, time, state, seq, day, measurement, revision FROM observation FINAL "
    "WHERE {condition} ORDER BY time, seq"
)
_TIME, _STATE = OUTCOME.columns.index("time"), OUTCOME.columns.index("state")
_PAGE = tuple(OUTCOME.columns.index(name) for name in ("target", "url", "vantage"))


def latest(server: Server, settings: Mapping[str, Any]) -> tuple[Latest, ...]:
    """The newest outcome of each page, the newest of all last, each with the first moment of its unbroken run."""
    newest = server.rows(_NEWEST, **settings)
    states: dict[Page, dict[str, tuple[int, int]]] = {}
    for *page, state, first, last in server.rows(_STATES, **settings):
        states.setdefault(_page(page), {})[state] = (first, last)
    since = _since(newest, states, server, settings)
    return tuple(Latest(outcome=OUTCOME.record(row, SAME), since=moment(since[_page_of(row)])) for row in newest)


def _since(
    newest: Sequence[Row],
    states: Mapping[Page, Mapping[str, tuple[int, int]]],
    server: Server,
    settings: Mapping[str, Any],
) -> dict[Page, int]:
    found: dict[Page, int] = {}
    hints: dict[Page, int] = {}
    current = {_page_of(row): row for row in newest}
    for page, row in current.items():
        others = [last for state, (_, last) in states.get(page, {}).items() if state != row[_STATE]]
        if others:
            hints[page] = max(others)
        else:  # never seen in another state, before or after any judging again
            found[page] = min([row[_TIME], *(first for first, _ in states.get(page, {}).values())])
    for group in grouped(list(hints.items()), _PAGES):
        rows = _rows([_near(page, hint) for page, hint in group], server, settings)
        for page, hint in group:
            near = _first_of_run(rows.get(page, ()), str(current[page][_STATE]), hint)
            found[page] = near if near is not None else _over_all(page, current[page], server, settings)
    return found


def _near(page: Page, hint: int) -> str:
    return _condition(page, hint - _AROUND, hint + _AROUND)


def _condition(page: Page, since: int, until: int) -> str:
    names = ("target", "url", "vantage")
    same = " AND ".join(f"{name} = {literal(value)}" for name, value in zip(names, page, strict=True))
    span = f"{CLICKHOUSE.since} AND {CLICKHOUSE.until}" % {"since": since, "until": until}
    return f"({same} AND {span})"


def _rows(conditions: Sequence[str], server: Server, settings: Mapping[str, Any]) -> dict[Page, list[tuple[int, str]]]:
    found: dict[Page, list[tuple[int, str]]] = {}
    for target, url, vantage, time, state, *_ in server.rows(
        _ROWS.format(condition=" OR ".join(conditions)), **settings
    ):
        found.setdefault((target, url, vantage), []).append((time, state))
    return found


def _first_of_run(rows: Sequence[tuple[int, str]], state: str, hint: int) -> int | None:
    """The first row of `state` after the row at `hint`; None where that row is not in another state, or none follows.

    >>> _first_of_run([(1, "ok"), (2, "down"), (3, "ok"), (4, "ok")], "ok", hint=2)
    3
    """
    others = [index for index, (_, said) in enumerate(rows) if said != state]
    if not others or rows[others[-1]][0] != hint:
        return None
    after = rows[others[-1] + 1 :]
    return after[0][0] if after else None


def _over_all(page: Page, row: Row, server: Server, settings: Mapping[str, Any]) -> int:
    """The first row of the newest run, from all rows of the page."""
    first = int(row[_TIME])
    for time, state in _backwards(page, row, server, settings):
        if state != row[_STATE]:
            break
        first = time
    return first


def _backwards(page: Page, row: Row, server: Server, settings: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """The rows of a page from the newest to the oldest."""
    condition = _condition(page, 0, int(row[_TIME]) + 1)
    yield from reversed(_rows([condition], server, settings).get(page, ()))


def _page_of(row: Row) -> Page:
    return _page([row[index] for index in _PAGE])


def _page(parts: Sequence[Any]) -> Page:
    target, url, vantage = parts
    return (target, url, vantage)

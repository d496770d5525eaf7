"""What a request asks for: filters, stretch of time, page and form, each checked on the way in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.model import State, Tier
from monitor.web.api.cursor import mark
from monitor.web.api.problem import QuestionError
from probes.document import moment

LIMIT = 100
"""Rows of a page where the request does not say."""
MOST = 1000
"""Rows of the largest page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One query parameter: what it does, its JSON Schema, and how its text is read (ValueError where it is wrong)."""

    name: str
    what: str
    schema: Mapping[str, Any]
    expected: str
    read: Callable[[str], Any] = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that was understood; None is any."""

    country: str | None = None
    network: str | None = None
    category: str | None = None
    target: str | None = None
    vantage: str | None = None
    state: str | None = None
    tier: str | None = None
    open: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    step: str = "day"
    limit: int = LIMIT
    cursor: str | None = None
    format: str | None = None
    question: str = ""
    """The mark of everything but page and form: what a cursor belongs to."""

    def fits(self, **facts: str) -> bool:
        """Whether a row with these facts is asked for."""
        wanted = ((getattr(self, name), value) for name, value in facts.items())
        return all(asked in (None, value) for asked, value in wanted)


def _matching(pattern: str, change: Callable[[str], str] = str) -> Callable[[str], str]:
    shape = re.compile(pattern, re.ASCII)

    def read(text: str) -> str:
        if not shape.fullmatch(text):
            raise ValueError(text)
        return change(text)

    return read


def _one_of(values: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in values:
            raise ValueError(text)
        return text

    return read


def _text(text: str) -> str:
    if not 0 < len(text) <= 256 or not text.isprintable():
        raise ValueError(text)
    return text


def _time(text: str) -> datetime:
    try:
        return moment(f"{text}T00:00:00Z" if len(text) == len("2026-01-18") else text)
    except OverflowError as fault:
        raise ValueError(text) from fault


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MOST or len(text) > 9:
        raise ValueError(text)
    return int(text)


def _choice(name: str, what: str, values: Sequence[str]) -> Filter:
    return Filter(
        name=name,
        what=what,
        schema={"type": "string", "enum": list(values)},
        expected="one of " + ", ".join(values),
        read=_one_of(values),
    )


def _named(name: str, what: str, expected: str) -> Filter:
    return Filter(
        name=name, what=what, schema={"type": "string", "minLength": 1, "maxLength": 256}, expected=expected, read=_text
    )


_TIME = {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]}

FILTERS: Mapping[str, Filter] = {
    each.name: each
    for each in (
        Filter(
            name="country",
            what="Only this country (ISO 3166-1 alpha-2).",
            schema={"type": "string", "pattern": "^[A-Za-z]{2}$"},
            expected="two letters such as KG",
            read=_matching("[A-Za-z]{2}", str.upper),
        ),
        _named("network", "Only this network, as the rows name it.", "an autonomous system such as AS12997"),
        _named("category", "Only targets of this category.", "a category of targets.yaml such as media"),
        _named("target", "Only this target, by its id.", "a target's id"),
        _named("vantage", "Only this vantage point, by its id.", "a vantage point's id"),
        _choice("state", "Only measurements of this state.", tuple(State)),
        _choice("tier", "Only events of this tier.", tuple(Tier)),
        Filter(
            name="open",
            what="true: only events that go on; false: only those that ended.",
            schema={"type": "string", "enum": ["true", "false"]},
            expected="true or false",
            read=lambda text: _one_of(("true", "false"))(text) == "true",
        ),
        Filter(
            name="since",
            what="From this time on (RFC 3339, or a date that begins at midnight UTC).",
            schema=_TIME,
            expected="a time such as 2026-01-18T00:00:00Z or a date such as 2026-01-18",
            read=_time,
        ),
        Filter(
            name="until",
            what="Before this time.",
            schema=_TIME,
            expected="a time such as 2026-01-19T00:00:00Z or a date such as 2026-01-19",
            read=_time,
        ),
        Filter(
            name="limit",
            what=f"At most so many rows, {MOST} at most.",
            schema={"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
            expected=f"a whole number from 1 to {MOST}",
            read=_count,
        ),
        Filter(
            name="cursor",
            what="Where to go on: `next` of the answer before.",
            schema={"type": "string", "minLength": 1, "maxLength": 1024},
            expected="the text of `next` from an answer",
            read=_matching("[A-Za-z0-9_-]{1,1024}"),
        ),
        _choice("format", "json or csv; without it, what the Accept header asks for.", ("json", "csv")),
    )
}
PAGING = ("limit", "cursor", "format")


def understand(query: Sequence[tuple[str, str]], allowed: Sequence[str]) -> Asked:
    """The request as it was meant; QuestionError with every mistake in it and what was expected."""
    mistakes: list[str] = []
    found: dict[str, Any] = {}
    for name, text in query:
        if name not in allowed:
            mistakes.append(f"{name[:40]!r} is not known here: expected {', '.join(allowed)}")
        elif name in found:
            mistakes.append(f"{name}: given twice")
        else:
            found[name] = _read(FILTERS[name], text, mistakes)
    if mistakes:
        raise QuestionError("; ".join(mistakes))
    question = {name: value for name, value in found.items() if name not in PAGING}
    return Asked(**found, question=mark(question))


def _read(known: Filter, text: str, mistakes: list[str]) -> Any:
    try:
        return known.read(text)
    except ValueError:
        mistakes.append(f"{known.name}: expected {known.expected}, found {text[:40]!r}")
        return None

"""The negative evidence: what speaks against an event, and what could not be seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from monitor.evidence.form import Section
from monitor.evidence.slice import Slice
from monitor.evidence.words import Language, say
from monitor.model import Outcome, State
from probes.model import Role


def against(facts: Slice, language: Language) -> Section:
    """The section of a report on what controls and harmless sites saw, what was not measured, and what is unknown."""
    event = facts.event
    during = list(_during(facts))
    controls = [row for row in facts.own if row.role is Role.CONTROL]
    places = {row.vantage for row in during}
    innocuous = [row for row in facts.outcomes if row.innocuous and row.vantage in places and _lasting(row, facts)]
    measured = {row.network for row in facts.own if row.role is Role.VANTAGE and row.country == event.country}
    other = sorted(measured - set(event.networks))
    lines = [
        say(language, "ok_inside", ok=_ok(during), total=len(during), unknown=_count(during, State.INSUFFICIENT)),
        say(
            language,
            "controls_said",
            ok=_ok(controls),
            total=len(controls),
            agree=event.counts.get("controls_agree", 0),
            asked=event.counts.get("controls_total", 0),
        ),
        say(language, "innocuous_said" if innocuous else "innocuous_none", ok=_ok(innocuous), total=len(innocuous)),
        say(language, "elsewhere", networks=", ".join(other)) if other else say(language, "elsewhere_none"),
        say(language, "holes", hours=_silent_hours(during, facts)),
        say(language, "documents_missing", there=len(facts.documents), missing=len(facts.missing)),
        *(
            f"{status.vantage}: {status.health.value}. {status.why}"
            for status in facts.health
            if status.vantage in places
        ),
    ]
    return Section(title=say(language, "against"), lines=tuple(lines))


def _during(facts: Slice) -> Iterator[Outcome]:
    """The target's results on the event's networks while it lasted."""
    for row in facts.own:
        if row.role is Role.VANTAGE and row.network in facts.event.networks and _lasting(row, facts):
            yield row


def _lasting(row: Outcome, facts: Slice) -> bool:
    event = facts.event
    until = facts.until if event.end is None else (event.end[0] or event.end[1])
    return event.onset[1] <= row.time <= until


def _silent_hours(during: Sequence[Outcome], facts: Slice) -> int:
    event, hour = facts.event, timedelta(hours=1)
    until = facts.until if event.end is None else (event.end[0] or event.end[1])
    whole = int((until - event.onset[1]) / hour)
    heard = {int((row.time - event.onset[1]) / hour) for row in during}
    return sum(number not in heard for number in range(whole))


def _ok(rows: Sequence[Outcome]) -> int:
    return _count(rows, State.OK)


def _count(rows: Sequence[Outcome], state: State) -> int:
    return sum(row.verdict.state is state for row in rows)

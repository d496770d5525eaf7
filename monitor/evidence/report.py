"""What a report says: sections of sentences and tables, from the facts of a package, before they have any form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.evidence.method import KNOWN_ERRORS
from monitor.evidence.proofs import Proofs
from monitor.evidence.replay import Judgement
from monitor.evidence.slice import Slice
from monitor.evidence.words import Language, how, say
from monitor.model import Bearing, Interval, Outcome, State
from probes.model import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under headings, as text."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One heading with what stands under it."""

    title: str
    lines: tuple[str, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole report; `banner` comes first and is loud."""

    title: str
    banner: tuple[str, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Everything that a report is made from. `name` is the site's bare host name."""

    facts: Slice
    name: str
    zone: str
    language: Language
    judgement: Judgement
    differences: tuple[str, ...]
    proofs: Proofs
    key: str
    trusted_time: bool


def compose(ground: Ground) -> Report:
    """The report on a package."""
    event, language = ground.facts.event, ground.language
    banner = [key for key, wanted in (("simulated", event.simulated), ("retracted", event.retracted)) if wanted]
    return Report(
        title=say(language, "title", target=ground.name, country=event.country),
        banner=tuple(say(language, key) for key in banner),
        sections=(
            _observed(ground),
            _measured(ground),
            _networks(ground),
            _experiments(ground),
            _against(ground),
            _again(ground),
            _wrong(ground),
            _claims(ground),
            _check(ground),
            _limits(ground),
        ),
    )


def _observed(ground: Ground) -> Section:
    event, language = ground.facts.event, ground.language
    tier = event.tier.value
    lines = [
        say(
            language,
            "observation",
            networks=", ".join(event.networks),
            country=event.country,
            name=ground.name,
            how=how(language, event.technique),
        ),
        _interval(ground, "onset", event.onset, "onset_open"),
        _interval(ground, "end", event.end, "end_open"),
        say(language, "tier", tier=tier, meaning=say(language, f"tier_{tier}")),
        say(language, "not_said"),
    ]
    return Section(title=say(language, "observed"), lines=tuple(lines))


def _interval(ground: Ground, key: str, interval: Interval | None, other: str) -> str:
    if interval is None:
        return say(ground.language, other, last=_both(ground.facts.until, ground.zone))
    first, last = interval
    if first is None:
        return say(ground.language, other, last=_both(last, ground.zone))
    return say(ground.language, key, first=_both(first, ground.zone), last=_both(last, ground.zone))


def _measured(ground: Ground) -> Section:
    own, language = ground.facts.own, ground.language
    inside = [row for row in own if row.role is Role.VANTAGE and row.country == ground.facts.event.country]
    controls = [row for row in own if row.role is Role.CONTROL]
    times = [row.time for row in own] or [ground.facts.since]
    counts = say(
        language,
        "counts",
        visits=len(inside),
        points=len({row.vantage for row in inside}),
        networks=len({row.network for row in inside}),
        controls=len(controls),
        places=len({row.vantage for row in controls}),
        first=_utc(min(times)),
        last=_utc(max(times)),
    )
    return Section(title=say(language, "measured"), lines=(counts, say(language, "method")))


def _networks(ground: Ground) -> Section:
    language = ground.language
    rows = tuple(
        (
            span.network,
            _stretch(span.onset),
            say(language, "goes_on") if span.end is None else _stretch(span.end),
            str(span.vantage_points),
            span.technique or "?",
            f"{span.score:.1f}",
        )
        for span in ground.facts.event.spans
    )
    heads = tuple(say(language, key) for key in ("h_network", "h_onset", "h_end", "h_points", "h_how", "h_score"))
    return Section(title=say(language, "networks"), table=Table(heads=heads, rows=rows))


def _experiments(ground: Ground) -> Section:
    event, language = ground.facts.event, ground.language
    until = ground.facts.until if event.end is None else event.end[1]
    told = [
        one
        for one in ground.facts.findings
        if one.target == event.target
        and one.bearing is not Bearing.NONE
        and one.network in event.networks
        and (event.onset[0] or event.onset[1]) <= one.time <= until
    ]
    if not told:
        return Section(title=say(language, "experiments"), lines=(say(language, "experiments_none"),))
    alike: dict[tuple[str, ...], list[datetime]] = {}
    for one in told:
        alike.setdefault((one.network, one.kind, one.bearing.value, one.why), []).append(one.time)
    rows = tuple((_span(times), str(len(times)), *what) for what, times in alike.items())
    keys = ("h_time", "h_count", "h_network", "h_kind", "h_bearing", "h_says")
    heads = tuple(say(language, key) for key in keys)
    return Section(title=f"{say(language, 'experiments')} ({len(told)})", table=Table(heads=heads, rows=rows))


def _against(ground: Ground) -> Section:
    facts, language, event = ground.facts, ground.language, ground.facts.event
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


def _again(ground: Ground) -> Section:
    language, judgement = ground.language, ground.judgement
    if ground.differences:
        first = say(language, "again_differs", differences="; ".join(ground.differences))
    else:
        first = say(language, "again_same", same=len(judgement.same))
    counts = {"different": len(judgement.different), "untestable": len(judgement.untestable)}
    lines = [first, *([say(language, "verdicts_differ", **counts)] if any(counts.values()) else [])]
    return Section(title=say(language, "again"), lines=tuple(lines))


def _wrong(ground: Ground) -> Section:
    known = KNOWN_ERRORS
    line = say(
        ground.language,
        "wrong_said",
        blocks=known["blocks"],
        years=known["unit-years"],
        likely=_mille(known["likely"]["precision"]),
        confirmed=_mille(known["confirmed"]["precision"]),
        found=_mille(known["likely"]["recall"]),
        bursts=_mille(known["confirmed, with bursts"]["precision"]),
    )
    return Section(title=say(ground.language, "wrong"), lines=(line,))


def _claims(ground: Ground) -> Section:
    language, claims = ground.language, ground.facts.claims
    if not claims:
        return Section(title=say(language, "claims"), lines=(say(language, "claims_none"),))
    rows = tuple(
        (claim.date, claim.kind, claim.id, " ".join(source.url for source in claim.sources) or "?") for claim in claims
    )
    heads = (say(language, "h_date"), say(language, "h_claim"), "id", say(language, "h_source"))
    return Section(title=say(language, "claims"), table=Table(heads=heads, rows=rows))


def _check(ground: Ground) -> Section:
    language, proofs = ground.language, ground.proofs
    if proofs.head is None:
        log = say(language, "log_none")
    else:
        log = say(
            language,
            "log",
            time=proofs.head.time,
            size=proofs.head.size,
            root=proofs.head.root,
            proved=len(proofs.inclusions),
            unproved=len(proofs.unproved),
        )
    time = say(language, "time_trusted" if ground.trusted_time else "time_untrusted")
    lines = (say(language, "check_said"), say(language, "key", key=ground.key), log, time)
    return Section(title=say(language, "check"), lines=lines)


def _limits(ground: Ground) -> Section:
    keys = ("limit_tls", "limit_places", "limit_people")
    return Section(title=say(ground.language, "limits"), lines=tuple(say(ground.language, key) for key in keys))


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


def _mille(share: float) -> int:
    return round(1000 * share)


def _stretch(interval: Interval) -> str:
    return f"{'?' if interval[0] is None else _utc(interval[0])} – {_utc(interval[1])}"


def _span(times: Sequence[datetime]) -> str:
    first, last = _utc(min(times)), _utc(max(times))
    return first if first == last else f"{first} – {last}"


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _both(moment: datetime, zone: str) -> str:
    """A moment in UTC and where it happened."""
    return f"{moment:%Y-%m-%d %H:%M} UTC ({moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone})"

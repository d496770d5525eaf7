"""What a report says: sections of sentences and tables, from the facts of a package, before they have any form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.evidence.against import against
from monitor.evidence.form import Report, Section, Table
from monitor.evidence.method import KNOWN_ERRORS
from monitor.evidence.proofs import Proofs
from monitor.evidence.replay import Judgement
from monitor.evidence.slice import Slice
from monitor.evidence.words import Language, how, say
from monitor.model import Bearing, Interval
from probes.model import Role


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
            against(ground.facts, language),
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

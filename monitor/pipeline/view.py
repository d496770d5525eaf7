"""What the store says at one moment, as far as alerts need it: events, what stands around them, and what is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from monitor.alert.desk import View
from monitor.alert.story import Knowledge
from monitor.alert.wanted import Surroundings
from monitor.alert.watching import Seen
from monitor.check import check
from monitor.model import BlockingEvent, Claim, ClaimCheck, EventKind, Health, Latest, State, VantageStatus
from monitor.store import Store
from probes.model import Role, Target

RECENT = timedelta(hours=1)
"""Older results of control vantage points say nothing of whether a site is down now."""
TESTED = timedelta(days=1)
"""Networks of which a target's newest result is not older were tested."""
_UNWELL = frozenset({Health.SICK, Health.OFFLINE})
_COVERED = timedelta(days=8)


def view(
    store: Store, *, now: datetime, targets: Sequence[Target], claims: Sequence[Claim], least: int, judged: bool = False
) -> View:
    """What alerts are planned from; with `judged`, the claims are checked as well, which takes longer."""
    events, latest, health = store.events(), store.latest(), store.health()
    seen = Seen(
        now=now,
        newest=max((each.outcome.time for each in latest), default=None),
        events=events,
        claims=tuple(claims),
        checks=_checks(store, events, claims, now) if judged else (),
        days=store.days(since=(now - _COVERED).date(), until=now.date()) if least else (),
    )
    return View(
        seen=seen,
        knowledge=replace(_knowledge(targets, latest, now), terms=_terms(claims, now)),
        around=Surroundings(dark=frozenset(_dark(events, health)), down=frozenset(_down(latest, now))),
        least=least,
    )


def _checks(
    store: Store, events: Sequence[BlockingEvent], claims: Sequence[Claim], now: datetime
) -> tuple[ClaimCheck, ...]:
    return check(events, claims, store.days(), now=now).checks


def _knowledge(targets: Sequence[Target], latest: Iterable[Latest], now: datetime) -> Knowledge:
    tested: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for each in latest:
        outcome = each.outcome
        usable = outcome.verdict.state is not State.INSUFFICIENT and outcome.role is Role.VANTAGE
        if usable and now - outcome.time <= TESTED:
            tested[outcome.target, outcome.country].add(outcome.network)
    return Knowledge(
        hosts={target.id: _hosts(target) for target in targets},
        categories={target.id: target.category for target in targets},
        tested={place: len(networks) for place, networks in tested.items()},
    )


def _terms(claims: Iterable[Claim], now: datetime) -> Mapping[tuple[str, str], date]:
    """The last day of each documented term that is over; of several for one target the last."""
    past = sorted((claim for claim in claims if claim.term is not None and claim.term <= now), key=_term_of)
    return {(claim.target, claim.country): (_term_of(claim) - timedelta(seconds=1)).date() for claim in past}


def _term_of(claim: Claim) -> datetime:
    assert claim.term is not None
    return claim.term


def _hosts(target: Target) -> tuple[str, ...]:
    return tuple(dict.fromkeys(host for url in target.urls if (host := urlsplit(url).hostname)))


def _dark(events: Iterable[BlockingEvent], health: Iterable[VantageStatus]) -> Iterable[tuple[str, str]]:
    """Networks that are offline, or whose vantage points cannot be believed, all of them."""
    for event in events:
        if event.kind is EventKind.OFFLINE and event.end is None and not event.retracted:
            yield event.country, event.target
    by_network: defaultdict[tuple[str, str], list[Health]] = defaultdict(list)
    for status in health:
        if status.role is Role.VANTAGE:
            by_network[status.country, status.network].append(status.health)
    yield from (place for place, found in by_network.items() if _UNWELL.issuperset(found))


def _down(latest: Iterable[Latest], now: datetime) -> Iterable[str]:
    """Targets that most control vantage points with a recent result cannot reach."""
    votes: Mapping[str, Counter[bool]] = defaultdict(Counter)
    for each in latest:
        outcome = each.outcome
        if outcome.role is Role.CONTROL and now - outcome.time <= RECENT:
            votes[outcome.target][outcome.verdict.state is State.OK] += 1
    return (target for target, found in votes.items() if found[False] > found[True])

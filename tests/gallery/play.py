"""Playing a case: measured from its network and from its controls', compared, judged, and told in short."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from monitor.export.formats import ooni
from monitor.model import Fingerprint, Health, Manner, Outcome, Place, Scope, Verdict
from monitor.observe import flatten, observe
from monitor.verdict import assess, judge
from monitor.verdict.experiments import read_resolvers
from monitor.verdict.fingerprints import Fingerprints
from monitor.verdict.shipped import SHIPPED
from probes.model import DoHServer, Limits, Measurement, Resolvers, Role, Target, Task, VantagePoint
from probes.registry import all_probes
from probes.testing import Loopback
from probes.testing.cases import on_android
from probes.testing.loopback import utc_now
from probes.testing.view import View
from tests.gallery import shape, short
from tests.gallery.form import Case
from tests.gallery.world import internet_of, rule_of

LIMITS = Limits(dns=8.0, dns_linger=0.15, tcp=8.0, tls=8.0, http=8.0, total=60.0)
"""Far beyond what loopback takes even on a busy machine; a case in which something never comes sets a shorter one."""

AT_ONCE = 6
"""Cases played at a time: most of a case is waiting, but more would make slow cores miss deadlines."""

VANTAGE = "vantage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a case showed: the records, and the sections of its `expected.yaml`."""

    verdict: Verdict
    found: Mapping[str, Any]


async def play_all(cases: Iterable[Case]) -> dict[str, Played | Exception]:
    """Every case by name, a few at a time; one that breaks stands for its own exception and stops no other.

    Those that are about how fast bytes come are played last and one by one, with the loop for themselves.
    """
    known = list(cases)
    return {
        **await _together([case for case in known if not _paced(case)], AT_ONCE),
        **await _together([case for case in known if _paced(case)], 1),
    }


def _paced(case: Case) -> bool:
    rules = (*case.network.everywhere, *case.network.vantage.rules)
    return any(isinstance(rule.action, shape.Action) and rule.action.throttle is not None for rule in rules)


async def _together(cases: Iterable[Case], at_once: int) -> dict[str, Played | Exception]:
    room = asyncio.Semaphore(at_once)

    async def one(case: Case) -> tuple[str, Played | Exception]:
        async with room:
            try:
                return case.name, await play(case)
            except Exception as fault:  # noqa: BLE001 - told by the test of that case
                return case.name, fault

    return dict(await asyncio.gather(*map(one, cases)))


async def play(case: Case) -> Played:
    """One case, from the wire to the words."""
    network = case.network
    internet = internet_of(network.internet)
    points = {VANTAGE: network.vantage} | {f"control-{n}": one for n, one in enumerate(network.controls, start=1)}
    async with Loopback(internet) as lab:
        views = {
            name: lab.network(
                name,
                rules=tuple(map(rule_of, (*network.everywhere, *point.rules))),
                resolver=point.resolver,
            )
            for name, point in points.items()
        }
        urls = [network.task.url, *network.task.innocuous]
        measured = await asyncio.gather(
            *(_measure(case, url, views[name], point) for name, point in points.items() for url in urls)
        )
    return _understood(case, measured)


async def _measure(case: Case, url: str, view: View, point: shape.View) -> Measurement:
    order = case.network.task
    here = view.name == VANTAGE
    task = Task(
        target=Target(id=case.name if url == order.url else url, urls=(url,), innocuous=url != order.url),
        url=url,
        vantage=VantagePoint(
            id=view.name,
            country=point.country,
            role=Role.VANTAGE if here else Role.CONTROL,
            kind="simulated",
            simulated=True,
        ),
        resolvers=_resolvers(order.resolvers),
        limits=replace(LIMITS, **{name: value for name, value in order.limits if value is not None}),
    )
    measurement = await all_probes()[order.kind].measure(task, view, partial(_clock, point.clock))
    return on_android(measurement) if point.android else measurement


def _clock(days: int) -> datetime:
    return utc_now() + timedelta(days=days)


def _resolvers(part: shape.Resolvers) -> Resolvers:
    return Resolvers(
        udp=part.udp, doh=None if part.doh is None else DoHServer(url=part.doh.url, address=part.doh.address)
    )


def _understood(case: Case, measured: Iterable[Measurement]) -> Played:
    """The pure part: facts beside facts, health, verdict, and the peer's words."""
    here = [one for one in measured if one.vantage.role is Role.VANTAGE]
    controls = [one for one in measured if one.vantage.role is Role.CONTROL]
    [target] = [one for one in here if not one.innocuous]
    health, _ = assess([_innocuous(one, controls) for one in here if one.innocuous], max(one.started for one in here))
    seen = observe(target, controls)
    verdict = judge(target, seen, health=health, fingerprints=_known(case.network.fingerprints))
    beside = next((one for one in controls if one.url == target.url), None)
    keys = ooni.test_keys(target, beside)
    found = {
        "steps": short.steps(target),
        "observations": short.observations(seen),
        "health": str(health),
        "verdict": _words(verdict) | _resolvers_cut_off(target, controls),
        "peer": {name: keys[name] for name in ("blocking", "accessible")},
    }
    return Played(verdict=verdict, found=found)


def _known(parts: Iterable[shape.Known]) -> Fingerprints:
    """The shipped fingerprints and the case's own."""
    own = (
        Fingerprint(
            id=f"case.{number}",
            scope=Scope(part.scope),
            place=Place(part.place),
            manner=Manner(part.manner),
            pattern=part.pattern,
            countries=tuple(part.countries),
            source="this case",
        )
        for number, part in enumerate(parts)
    )
    return Fingerprints(entries=(*SHIPPED, *own))


def _innocuous(measurement: Measurement, controls: Iterable[Measurement]) -> Outcome:
    beside = [one for one in controls if one.url == measurement.url]
    return flatten(measurement, judge(measurement, observe(measurement, beside), health=Health.UNKNOWN))


def _resolvers_cut_off(target: Measurement, controls: list[Measurement]) -> dict[str, Any]:
    """What is told of the public resolvers beside the verdict on the site; nothing where they answer."""
    beside = [one for one in controls if one.url == target.url]
    found = {one.rule_id: one.technique for one in read_resolvers(target, beside)}
    return {"resolvers": found} if found else {}


def _words(verdict: Verdict) -> dict[str, Any]:
    words: dict[str, Any] = {
        name: None if getattr(verdict, name) is None else str(getattr(verdict, name))
        for name in ("state", "layer", "technique", "locus", "evidence", "rule_id")
    }
    words["controls"] = f"{verdict.controls_agree} of {verdict.controls_total}"
    families = {"ipv4": verdict.ipv4 and str(verdict.ipv4), "ipv6": verdict.ipv6 and str(verdict.ipv6)}
    return words | (families if verdict.ipv6 else {}) | ({"also": list(verdict.also)} if verdict.also else {})

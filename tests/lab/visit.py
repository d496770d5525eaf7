"""Visits in the lab: the same steps in the censored place and in the free one, and what they mean beside each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from monitor.model import Health, Verdict
from monitor.observe import flatten, observe
from monitor.verdict import assess, judge
from probes.model import DoHServer, Limits, Measurement, Resolvers, Role, Target, Task, VantagePoint
from tests.lab.lab import Lab
from tests.lab.place import Order
from tests.lab.topology import DOH_NAME, DOH_RESOLVER, INNOCUOUS, NO_DNS, OTHER, PUBLIC_RESOLVER, TARGET

LIMITS = Limits(dns=1.2, dns_linger=0.2, tcp=1.5, tls=1.5, http=2.5, total=30.0)
"""Long enough for a SYN to be said again once, short where silence is what is waited for."""
RESOLVERS = Resolvers(udp=PUBLIC_RESOLVER, doh=DoHServer(url=f"https://{DOH_NAME}/dns-query", address=DOH_RESOLVER))
POINTS = {
    "client": VantagePoint(id="client", country="KG", network="AS64500", simulated=True),
    "control": VantagePoint(id="control", country="DE", network="AS64501", role=Role.CONTROL, simulated=True),
}
SECOND = replace(POINTS["control"], id="control-2", network="AS64502")
"""At the same place: speeds are compared with those of two controls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A visit from the censored place and what is said of it."""

    measurement: Measurement
    health: Health
    verdict: Verdict


def task(place: str, url: str, *, innocuous: bool = False, limits: Limits = LIMITS) -> Task:
    """The order to measure `url` at a place."""
    return Task(
        target=Target(id=url.split("/")[2], urls=(url,), innocuous=innocuous),
        url=url,
        vantage=POINTS[place],
        resolvers=RESOLVERS,
        limits=limits,
        innocuous_names=(INNOCUOUS,),
        no_dns=(NO_DNS,),
    )


def visit(lab: Lab, scheme: str, *, limits: Limits = LIMITS) -> Seen:
    """Visit the target and two innocuous sites from both places, and judge as the program does."""
    urls = {f"{scheme}://{TARGET}/": False, f"https://{INNOCUOUS}/": True, f"https://{OTHER}/": True}
    orders = {
        place: [
            Order(kind="website", task=task(place, url, innocuous=nobody, limits=limits))
            for url, nobody in urls.items()
        ]
        for place in POINTS
    }
    again = replace(orders["control"][0].task, vantage=SECOND)
    orders["control"].append(Order(kind="website", task=again))
    found = lab.measure(orders)
    *controls, second = found["control"]
    beside = dict(zip(urls, controls, strict=True))
    target, *others = found["client"]
    rows = [flatten(one, judge(one, observe(one, [beside[one.url]]), health=Health.UNKNOWN)) for one in others]
    health, _ = assess(rows, max(one.started for one in found["client"]))
    verdict = judge(target, observe(target, [beside[target.url], second]), health=health)
    return Seen(measurement=target, health=health, verdict=verdict)

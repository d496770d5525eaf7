"""What is to be measured: a plan as far as its operator has agreed to it, as orders for the schedule. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from monitor.agent.risk import VERSION
from monitor.schedule import Order
from monitor.wire import Consent, Plan
from probes.model import Role, Target, Task
from probes.registry import all_probes
from probes.steps.url import parse

FLOOR = timedelta(minutes=1)
"""No page is visited more often, whatever a plan says."""

_PORTS = (80, 443, 8080, 8443)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A plan and what its operator said of it."""

    plan: Plan
    consent: Consent
    floor: timedelta = FLOOR

    @property
    def standing(self) -> str:
        """Why nothing may be measured, in one sentence; empty where it may."""
        if self.plan.risk > VERSION:
            return "the collector asks for a newer risk text than this version has: update the program"
        if self.consent.risk < max(VERSION, self.plan.risk):
            return "there is a new risk text: read it with `presscanary agent consent`"
        return ""

    @property
    def visited(self) -> tuple[Target, ...]:
        """The targets that may be visited."""
        return () if self.standing else tuple(each for each in self.plan.targets if self.allows(each))

    @property
    def unasked(self) -> frozenset[str]:
        """Categories of the plan that the operator has neither agreed to nor ruled out."""
        return self.plan.categories - {*self.consent.categories, *self.consent.vetoed_categories}

    def allows(self, target: Target) -> bool:
        """Whether a target may be visited: the operator agreed, and all its addresses are ordinary web addresses."""
        return self.consent.allows(target) and all(map(_ordinary, target.urls))

    def orders(self) -> Iterator[Order]:
        """Every visit, then every experiment that nothing is lacking for."""
        point = self.plan.vantage
        for target in self.visited:
            interval = max(timedelta(seconds=self.plan.interval_of(target.id)), self.floor)
            yield Order(target=target, vantage=point, interval=interval)
        for kind, seconds in self.plan.beside.items():
            probe = all_probes().get(kind)
            if probe is None or probe.lacks(self.task(Target(id="none", urls=()), "")):
                continue
            interval = max(timedelta(seconds=seconds), self.floor)
            for target in self._beside(kind, of_place=probe.of_place):
                yield Order(target=target, vantage=point, interval=interval, kind=kind)

    def _beside(self, kind: str, *, of_place: bool) -> tuple[Target, ...]:
        innocuous = tuple(each for each in self.visited if each.innocuous)
        if of_place:
            return innocuous[:1]
        if kind == "availability":
            return self.visited
        watched = self.plan.vantage.role is not Role.CONTROL
        return tuple(each for each in self.visited if not each.innocuous and watched)

    def task(self, target: Target, url: str) -> Task:
        """An order to measure one address."""
        return Task(
            target=target,
            url=url,
            vantage=self.plan.vantage,
            resolvers=self.plan.resolvers,
            limits=self.plan.limits,
            innocuous_names=self.plan.innocuous_names,
            no_dns=self.plan.no_dns,
        )


def _ordinary(url: str) -> bool:
    """Whether a URL leads to a web server by a usual port; its addresses are screened when they are dialled.

    >>> _ordinary("https://kloop.kg/"), _ordinary("http://kloop.kg:22/"), _ordinary("file:///etc/passwd")
    (True, False, False)
    """
    try:
        return parse(url).port in _PORTS
    except ValueError:
        return False

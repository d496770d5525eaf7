"""Documented dates beside measurements, read for a page: all of them, or those of one target."""

from __future__ import annotations

from monitor.check import check, folded
from monitor.model import CheckReport
from monitor.store import Store
from monitor.web.settings import PageSettings
from probes.model import Clock


def report(store: Store | None, settings: PageSettings, clock: Clock, *, target: str | None = None) -> CheckReport:
    """The check of the claims that the configuration names, without the replay that tells its power.

    Coverage is read from the daily counts of the targets that claims speak of.
    """
    claims = [claim for claim in settings.claims if target in (None, claim.target)]
    if store is None:
        return check((), claims, (), now=clock(), simulated=settings.simulated)
    named = sorted({claim.target for claim in claims})
    days = [day for name in named for day in (*store.days(target=name), *folded(store.cells(target=name)))]
    events = store.events(target=target)
    return check(events, claims, days, now=clock(), simulated=settings.simulated or store.simulated)


def of_event(found: CheckReport, event: str) -> dict[str, str]:
    """Claim -> verdict, for the claims that were compared with this event."""
    return {each.claim.id: each.verdict.value for each in found.checks if event in each.events}

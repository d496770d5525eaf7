"""`/events/{id}`: one blocking event, its intervals, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from monitor.model import Bearing, BlockingEvent, Finding, Locus
from monitor.pipeline import experiments_of
from monitor.store import Store
from monitor.web.ground import Ground
from monitor.web.report import of_event, report
from monitor.web.swap import Swap, chosen, swap
from probes.model import Target

_WITNESSES = 100
"""Measurements that are listed one by one; the JSON names all."""
_SWAPS = 4
"""Name swaps that are drawn; the others stand in the list of experiments."""


def routes(ground: Ground) -> APIRouter:
    """The page of an event; 404 where there is none of that id."""
    router = APIRouter(include_in_schema=False)

    @router.get("/events/{event_id:path}", response_class=HTMLResponse)
    def event(request: Request, event_id: str) -> HTMLResponse:
        settings = ground.settings()
        with ground.reader() as store:
            revisions = () if store is None else store.revisions(event_id)
            found = max(revisions, key=lambda revision: revision.revision, default=None)
            if store is None or found is None:
                raise HTTPException(404)
            experiments = experiments_of(found, store)
            swaps = _swaps(experiments, store)
            checked = report(store, settings, ground.clock, target=found.target)
        target = next((each for each in settings.targets if each.id == found.target), Target(id=found.target, urls=()))
        return ground.page(
            request,
            "event.html",
            event=found,
            target=target,
            locus=locus_of(found, experiments),
            shown=found.witnesses[:_WITNESSES],
            experiments=experiments[:_WITNESSES],
            swaps=swaps,
            claims=[
                claim for claim in settings.claims if (claim.target, claim.country) == (found.target, found.country)
            ],
            verdicts=of_event(checked, found.id),
            revisions=sorted(revisions, key=lambda revision: revision.revision, reverse=True),
            simulated=found.simulated,
        )

    return router


def locus_of(event: BlockingEvent, experiments: Iterable[Finding]) -> Locus:
    """Where the difference was made: as the event says, else as experiments that decide about its technique show.

    An experiment speaks of the event where its technique is the event's, or one above or below it in the taxonomy.
    """
    if event.locus is not Locus.UNKNOWN or event.technique is None:
        return event.locus
    deciding = (
        one for one in experiments if one.bearing is Bearing.DECISIVE and _related(one.technique, event.technique)
    )
    loci = {one.locus for one in deciding} - {Locus.UNKNOWN}
    return loci.pop() if len(loci) == 1 else Locus.UNKNOWN


def _related(one: str | None, other: str) -> bool:
    """Whether one technique is the other, or an ancestor of it.

    >>> _related("tls.reset", "tls.reset.sni"), _related("tls.reset.sni", "tls.timeout"), _related(None, "dns")
    (True, False, False)
    """
    if one is None:
        return False
    short, long = sorted((one, other), key=len)
    return f"{long}.".startswith(f"{short}.")


def _swaps(experiments: Iterable[Finding], store: Store) -> tuple[Swap, ...]:
    """Those to draw whose measurement is still kept."""
    pairs = ((one, store.measurement(one.measurement)) for one in chosen(experiments, _SWAPS))
    return tuple(swap(one, measurement) for one, measurement in pairs if measurement is not None)

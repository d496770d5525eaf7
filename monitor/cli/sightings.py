"""Answers in the clear that the store keeps: those that were no site's own page, and what controls got instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from rich.progress import track

from monitor.cli.frame import err
from monitor.model import Outcome, Page, State
from monitor.observe.control import pages_of
from monitor.pipeline import VISITS
from monitor.store import Store
from monitor.verdict.names import host_of, is_https
from monitor.verdict.recurring import Sighting
from probes.model import HTTPRoundTrip, Measurement, Role

_MOST = 5000
"""Outcomes that are looked at, the newest first: their documents are read one by one."""
_OWN = frozenset({"http.page.same", "http.page.certified", "http.page.same_refusal"})
"""Rules that say the page is the site's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What there is to compare."""

    sightings: tuple[Sighting, ...] = ()
    at_controls: tuple[Page, ...] = ()


def gather(store: Store, *, since: datetime) -> Seen:
    """The strange answers of vantage points since then, and the controls' answers to the same URLs."""
    rows = store.outcomes(since=since, role=Role.VANTAGE, newest_first=True)
    strange = list(islice(filter(_strange, rows), _MOST))
    urls = {row.url for row in strange}
    controls = (row for row in store.outcomes(since=since, role=Role.CONTROL, newest_first=True) if row.url in urls)
    sightings = [one for row in _watched(strange) for one in _sightings(row, store)]
    pages = [page for row in islice(controls, _MOST) for page in _pages(store.measurement(row.measurement))]
    return Seen(sightings=tuple(sightings), at_controls=tuple(pages))


def _watched(rows: list[Outcome]) -> Iterable[Outcome]:
    return track(rows, "reading answers", console=err, transient=True, disable=not err.is_terminal)


def _strange(row: Outcome) -> bool:
    """Whether something may have been put in: an answer came that is not proved to be the site's."""
    settled = row.verdict.state is State.OK and row.verdict.rule_id in _OWN
    return row.status is not None and not settled


def _sightings(row: Outcome, store: Store) -> Iterator[Sighting]:
    measurement = store.measurement(row.measurement)
    for page in _pages(measurement):
        if not is_https(page.url):
            yield Sighting(
                page=page,
                host=host_of(row.url),
                target=row.target,
                country=row.country,
                network=row.network,
                measurement=row.measurement,
                innocuous=row.innocuous,
            )


def _pages(measurement: Measurement | None) -> Iterator[Page]:
    if measurement is None or measurement.kind not in VISITS:
        return
    for step in measurement.steps:
        if isinstance(step, HTTPRoundTrip):
            yield from pages_of(step)

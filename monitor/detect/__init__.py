"""Cells or arrays in, blocking events out: a pure function of the data and `now`, recomputed from scratch every time.

Read in this order: `series` (rows as arrays), `increment` (what one measurement says), `null` (how it would fail
anyway), `cusum` (one vantage point), `ground`, `level`, `stretch`, `recovery` and `watch` (alarm and recovery), `unit`
(one target on one network), `tally`, `tiers`, `events` (a country), `pushes`, `collapse` (networks that fall silent),
`reconcile` (what was known before).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from monitor.detect.collapse import Due, outages, without
from monitor.detect.events import cluster, compose, offline
from monitor.detect.null import Null
from monitor.detect.pushes import together
from monitor.detect.reconcile import reconcile
from monitor.detect.series import Class, Series, series_of
from monitor.detect.settings import DetectorSettings
from monitor.detect.tally import Tally, tallies
from monitor.detect.unit import walk
from monitor.model import BlockingEvent, Cell
from probes.model import Role

__all__ = ["Class", "DetectorSettings", "Null", "Series", "detect", "detect_series", "reconcile", "series_of"]


def detect(
    cells: Iterable[Cell],
    *,
    settings: DetectorSettings,
    now: datetime,
    null: Null | None = None,
    due: Due | None = None,
) -> tuple[BlockingEvent, ...]:
    """Every event that the cells up to `now` show, oldest onset first; the order of the cells does not matter.

    Cells of control vantage points and of innocuous targets say how much the others can be believed and never open an
    event; `down` and `insufficient` say nothing for or against a block. Where there is nothing to see, the answer
    is (). Where the cells are an excerpt, `null` is that of all of them: it looks back only. `due` says how many
    reports each vantage point owes per second; with it, networks that fell silent are events of their own, and what
    still came through while they went is left out.
    """
    series = series_of(cells, until=now)
    silent = () if due is None else outages(series, due, now=now, settings=settings)
    null = null or Null.among(series, settings)
    found = detect_series([without(each, silent) for each in series], settings=settings, null=null)
    return tuple(sorted((*found, *map(offline, silent)), key=_position))


def detect_series(
    series: Iterable[Series], *, settings: DetectorSettings, null: Null | None = None
) -> tuple[BlockingEvent, ...]:
    """Every blocking event that these series show, oldest onset first: the same as `detect`, on arrays.

    A target on a network is one series; the control vantage points' rows on a target stand in one series, too. What is
    given may be made anew each time that it is asked for (a sequence that reads from a disk): it is gone through
    twice, one series at a time.
    """
    null = null or Null.among(series, settings)
    controls: dict[str, Series] = {}
    found: dict[tuple[str, str], list[Tally]] = defaultdict(list)
    for each in series:
        if each.role is Role.CONTROL:
            controls[each.target] = each
        elif not each.innocuous:
            spans = walk(each, null, settings)
            if spans:
                found[each.target, each.country].extend(tallies(spans, each, settings))
    events = [
        compose(target, country, group, controls.get(target), settings)
        for (target, country), parts in found.items()
        for group in cluster(parts, settings)
    ]
    return tuple(sorted(together(events, settings), key=_position))


def _position(event: BlockingEvent) -> tuple[datetime, str]:
    return event.onset[1], event.id

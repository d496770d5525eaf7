"""Real series beside documented dates: what our detector and OONI's rule find, and how far both are off.

A documented date is an interval, and so is our onset; where two intervals overlap, the error is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial

from monitor.detect import DetectorSettings, detect
from monitor.evaluate.baselines.ooni import cusum, score
from monitor.evaluate.sure import Sure, sure
from monitor.evaluate.table import quantile
from monitor.model import Cell, Interval, Layer

OURS, THEIRS = "presscanary", "OONI CUSUM, hourly"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A documented block: what, where, and between which times it began and ended; None where nobody says."""

    target: str
    """A name, or a pattern such as `*.wikipedia.org`."""
    network: str
    """An autonomous system, or a country for all of its networks together."""
    onset: tuple[datetime, datetime]
    end: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A block as a detector reports it."""

    onset: Interval
    alarm: datetime
    end: Interval | None
    tier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One detector beside one documented block."""

    detector: str
    truth: Truth
    verdict: str
    """found, missed, or insufficient: not found, and with these rows a block could hide from us (`sure`)."""
    rows: int
    """Measurements of this series that came out ok or blocked."""
    rows_inside: int
    """… while the block surely lasted, by the documents; those that were blocked, while it may have."""
    found: Stretch | None = None
    onset_error_hours: float | None = None
    """From the documented interval to ours; nothing where they overlap …"""
    onset_point_error_hours: float | None = None
    """… and to the first row that we count as blocked, which no wide interval can flatter."""
    end_error_hours: float | None = None
    fragments: int = 0
    false: tuple[Stretch, ...] = ()
    sure: Sure
    """How many blocks on these dates our detector would find in these rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One detector over all documented blocks of a file."""

    detector: str
    precision: float | None
    recall: float | None
    """Of the blocks that the rows suffice for."""
    truths: int
    found: int
    insufficient: int
    false_alarms: int
    fragments: int
    onset_error_p50_hours: float | None
    onset_error_worst_hours: float | None
    onset_point_error_p50_hours: float | None
    end_error_p50_hours: float | None
    end_error_worst_hours: float | None


def backtest(cells: Sequence[Cell], truths: Iterable[Truth], settings: DetectorSettings) -> tuple[Finding, ...]:
    """Each documented block beside what each detector finds in the rows that speak of it; ours first."""
    findings: list[Finding] = []
    for truth in truths:
        rows = excerpt(cells, truth)
        known = _sure(rows, truth, settings)
        findings.append(_finding(OURS, truth, rows, our_stretches(rows, settings), known))
        findings.append(_finding(THEIRS, truth, rows, their_stretches(rows), known))
    return tuple(findings)


def excerpt(cells: Iterable[Cell], truth: Truth) -> tuple[Cell, ...]:
    """The rows that a truth speaks of, as one series under the truth's names, in the order of time.

    A truth about a country takes all its networks together; each of them stays a vantage point of its own. Where all
    rows are about one target, whoever chose them for this truth has said that they are about the same.
    """
    near = [cell for cell in cells if truth.network in (cell.network, cell.country)]
    only = len({cell.target for cell in near}) == 1
    named = [cell for cell in near if only or fnmatchcase(cell.target.lower(), truth.target.lower())]
    moved = (replace(cell, target=truth.target, network=truth.network, country=cell.country) for cell in named)
    return tuple(sorted(moved, key=lambda cell: (cell.start, cell.vantage)))


def our_stretches(rows: Sequence[Cell], settings: DetectorSettings) -> tuple[Stretch, ...]:
    """What the detector finds in a series."""
    if not rows:
        return ()
    events = detect(rows, settings=settings, now=rows[-1].end)
    return tuple(
        Stretch(onset=event.onset, alarm=event.alarm, end=event.end, tier=event.tier.value) for event in events
    )


def their_stretches(rows: Sequence[Cell]) -> tuple[Stretch, ...]:
    """What OONI's rule finds in a series: the hours at which it announces a block and its end, on any layer.

    It runs once per layer; what begins before another layer's alarm has ended is shown with it.
    """
    unit = (rows[0].target, rows[0].network) if rows else ("", "")
    found = [
        each
        for layer in dict.fromkeys(cell.layer for cell in rows if cell.blocked)
        for each in cusum(unit, rows, _HOUR, partial(_scored, layer), dated=False)
    ]
    shown: list[Stretch] = []
    for each in sorted(found, key=lambda each: each.onset):
        end = (each.end, each.end) if each.end else None
        if shown and (shown[-1].end is None or each.onset <= shown[-1].end[1]):
            shown[-1] = replace(shown[-1], end=max(end, shown[-1].end) if end and shown[-1].end else None)
        else:
            shown.append(Stretch(onset=(each.onset, each.onset), alarm=each.onset, end=end))
    return tuple(shown)


def summary(detector: str, findings: Iterable[Finding]) -> Summary:
    """One detector's findings summed up."""
    own = [each for each in findings if each.detector == detector]
    hits = sum(each.found is not None for each in own)
    thin = sum(each.verdict == "insufficient" for each in own)
    false = sum(len(each.false) for each in own)
    onset = [each.onset_error_hours for each in own if each.onset_error_hours is not None]
    end = [each.end_error_hours for each in own if each.end_error_hours is not None]
    return Summary(
        detector=detector,
        precision=round(hits / (hits + false), 3) if hits + false else None,
        recall=round(hits / (len(own) - thin), 3) if len(own) > thin else None,
        truths=len(own),
        found=hits,
        insufficient=thin,
        false_alarms=false,
        fragments=sum(each.fragments for each in own),
        onset_error_p50_hours=quantile(onset, 0.5),
        onset_error_worst_hours=max(onset, default=None),
        onset_point_error_p50_hours=quantile(
            [each.onset_point_error_hours for each in own if each.onset_point_error_hours is not None], 0.5
        ),
        end_error_p50_hours=quantile(end, 0.5),
        end_error_worst_hours=max(end, default=None),
    )


def distance(one: Interval, other: Interval) -> timedelta:
    """Between two intervals; nothing where they overlap. An open beginning reaches back for ever.

    >>> from datetime import UTC
    >>> noon, night = datetime(2024, 1, 1, 12, tzinfo=UTC), datetime(2024, 1, 1, 20, tzinfo=UTC)
    >>> distance((None, noon), (night, night))
    datetime.timedelta(seconds=28800)
    """
    nothing = timedelta(0)
    before = other[0] - one[1] if other[0] is not None else nothing
    after = one[0] - other[1] if one[0] is not None else nothing
    return max(nothing, before, after)


def _finding(detector: str, truth: Truth, rows: Sequence[Cell], stretches: Sequence[Stretch], known: Sure) -> Finding:
    speaking = [cell for cell in rows if cell.ok or cell.blocked]
    inside = [cell for cell in speaking if _inside(cell, truth)]
    about = [each for each in stretches if _about(each, truth)]
    first = about[0] if about else None
    both_end = first is not None and first.end is not None and truth.end is not None
    return Finding(
        detector=detector,
        truth=truth,
        verdict="found" if first else "missed" if known.enough else "insufficient",
        rows=len(speaking),
        rows_inside=len(inside),
        found=first,
        onset_error_hours=_hours(distance(first.onset, truth.onset)) if first else None,
        onset_point_error_hours=_hours(distance((first.onset[1], first.onset[1]), truth.onset)) if first else None,
        end_error_hours=_hours(distance(about[-1].end or truth_end(truth), truth_end(truth))) if both_end else None,
        fragments=max(0, len(about) - 1),
        false=tuple(each for each in stretches if not _about(each, truth)),
        sure=known,
    )


def _sure(rows: Sequence[Cell], truth: Truth, settings: DetectorSettings) -> Sure:
    def found(imagined: Sequence[Cell]) -> bool:
        return any(_about(each, truth) for each in our_stretches(imagined, settings))

    return sure(rows, lambda cell: _inside(cell, truth), found)


def truth_end(truth: Truth) -> tuple[datetime, datetime]:
    """The documented end; ValueError where there is none."""
    if truth.end is None:
        raise ValueError("nobody says when this block ended")
    return truth.end


def _scored(layer: Layer | None, cell: Cell) -> float:
    """What one layer's score is; rows that say nothing of a block exist all the same, as part of the hour's median."""
    return score(cell) if cell.blocked and cell.layer is layer else 0.0


def _during(cell: Cell, truth: Truth) -> bool:
    """Whether the block surely lasted then; where its dates leave no such time, whether it may have."""
    first, last = truth.onset[1], truth.end[0] if truth.end else None
    if last is not None and first >= last:
        return _maybe(cell, truth)
    return first <= cell.start and (last is None or cell.start <= last)


def _inside(cell: Cell, truth: Truth) -> bool:
    """Whether the row is one of the block's: while it surely lasted, or blocked while it may have."""
    return _during(cell, truth) or (bool(cell.blocked) and _maybe(cell, truth))


def _maybe(cell: Cell, truth: Truth) -> bool:
    return truth.onset[0] <= cell.start and (truth.end is None or cell.start <= truth.end[1])


def _about(stretch: Stretch, truth: Truth) -> bool:
    """Whether both last at the same time somewhere between the earliest onset and the latest end."""
    late = truth.end is not None and stretch.onset[1] > truth.end[1]
    early = stretch.end is not None and stretch.end[1] < truth.onset[0]
    return not late and not early


def _hours(span: timedelta) -> float:
    return round(span / _HOUR, 2)

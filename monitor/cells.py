"""Outcomes folded into cells: target x vantage point x a stretch of time, with counts. Pure, and blind to the
input's order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from monitor.model import Cell, Evidence, Locus, Outcome, State, Verdict

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CROWDS = frozenset({"ooni"})
"""Kinds of vantage point under whose name many strangers measured."""
_STRENGTH = {Evidence.NONE: 0, Evidence.SERVER_ANSWER: 1, Evidence.AMBIGUOUS: 2, Evidence.ARTEFACT: 3}
"""How loudly a blocked verdict speaks for a censor; the loudest speaks for the whole cell."""


def fold(outcomes: Iterable[Outcome], *, width: timedelta) -> tuple[Cell, ...]:
    """One cell per target, vantage point (as it was then) and bucket of `width` counted from 1970, ordered by time.

    `start` and `end` are the first and last measurement, not the bucket's edges. Technique, layer, locus, evidence and
    the controls' votes are those of the blocked outcome with the strongest evidence. ValueError where `width` is not
    positive.
    """
    if width <= timedelta(0):
        raise ValueError(f"a cell must have a width, not {width}")
    buckets: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in outcomes:
        buckets.setdefault((bucket_of(outcome.time, width), *_place(outcome)), []).append(outcome)
    cells = [_cell(sorted(rows, key=lambda row: (row.time, row.measurement))) for rows in buckets.values()]
    return tuple(sorted(cells, key=_position))


def bucket_of(time: datetime, width: timedelta) -> int:
    """The number of the bucket that a time falls into.

    >>> bucket_of(datetime(1970, 1, 1, 0, 25, tzinfo=UTC), timedelta(minutes=10))
    2
    """
    return (time - _EPOCH) // width


def _place(outcome: Outcome) -> tuple[object, ...]:
    """What keeps series apart: a vantage point that changes its network starts a new one."""
    return (
        outcome.target,
        outcome.vantage,
        outcome.country,
        outcome.network,
        outcome.role,
        outcome.innocuous,
        outcome.simulated,
        outcome.vantage_kind in _CROWDS,
    )


def _cell(rows: Sequence[Outcome]) -> Cell:
    first = rows[0]
    states = [row.verdict.state for row in rows]
    blocked = [row for row in rows if row.verdict.state is State.BLOCKED]
    worst = max((row.verdict for row in blocked), key=_loudness, default=None)
    return Cell(
        target=first.target,
        country=first.country,
        network=first.network,
        vantage=first.vantage,
        start=first.time,
        end=rows[-1].time,
        ok=states.count(State.OK),
        down=states.count(State.DOWN),
        blocked=len(blocked),
        insufficient=states.count(State.INSUFFICIENT),
        role=first.role,
        innocuous=first.innocuous,
        pooled=first.vantage_kind in _CROWDS,
        layer=worst.layer if worst else None,
        technique=worst.technique if worst else None,
        locus=worst.locus if worst else Locus.UNKNOWN,
        evidence=worst.evidence if worst else Evidence.NONE,
        controls_agree=worst.controls_agree if worst else 0,
        controls_total=worst.controls_total if worst else 0,
        witnesses=tuple(row.measurement for row in blocked),
        simulated=first.simulated,
    )


def _loudness(verdict: Verdict) -> tuple[int, int, str, int, int, str]:
    """Strongest evidence first, then the most specific technique; the rest only settles ties the same way every
    time."""
    technique = verdict.technique or ""
    depth = len(technique.split(".")) if technique else 0
    votes = verdict.controls_agree, verdict.controls_total
    return _STRENGTH[verdict.evidence], depth, technique, *votes, verdict.measurement


def _position(cell: Cell) -> tuple[object, ...]:
    return cell.start, cell.target, cell.vantage, cell.network, cell.country, cell.role, cell.innocuous, cell.end

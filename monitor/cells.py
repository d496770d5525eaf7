"""Outcomes folded into cells: target x vantage point x a stretch of time, with counts. Pure, and blind to the
input's order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from monitor.model import Bearing, Cell, Evidence, Finding, Locus, Outcome, State, Verdict

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CROWDS = frozenset({"ooni"})
"""Kinds of vantage point under whose name many strangers measured."""
_STRENGTH = {Evidence.NONE: 0, Evidence.SERVER_ANSWER: 1, Evidence.AMBIGUOUS: 2, Evidence.ARTEFACT: 3}
"""How loudly a blocked verdict speaks for a censor; the loudest speaks for the whole cell."""
AGREED = 2
"""Experiments that must show the same before a failure means something else than it looks like: one may be mistaken."""
EXCUSED = "path.others_fail"
"""The rule that speaks where experiments excuse a failure: what nobody blocks fails there in the same way."""
REACH = timedelta(minutes=10)
"""Experiments so near in time speak of a failure: a round of the usual schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A failed outcome with the experiments that were made beside it."""

    outcome: Outcome
    shown: tuple[Finding, ...]
    """Those within reach …"""
    own: tuple[Finding, ...]
    """… and those to which no other failure is nearer: each experiment is counted once."""

    @property
    def excused(self) -> bool:
        """Whether experiments at the layer that failed turn it into trouble of the path, for others as well."""
        decisive = sum(one.bearing is Bearing.DECISIVE for one in self.shown)
        exonerating = sum(
            one.bearing is Bearing.EXONERATING and one.layer is self.outcome.verdict.layer for one in self.shown
        )
        return exonerating >= AGREED and exonerating > decisive

    @property
    def verdict(self) -> Verdict:
        """The outcome's verdict, with the technique of its own decisive experiments where that is deeper; where enough
        of them are within reach, its evidence is an artefact."""
        decisive = [one for one in self.shown if one.bearing is Bearing.DECISIVE]
        verdict = replace(self.outcome.verdict, technique=self._technique(decisive))
        if len(decisive) < AGREED:
            return verdict
        return replace(verdict, evidence=Evidence.ARTEFACT, locus=Locus.NETWORK)

    def _technique(self, decisive: Sequence[Finding]) -> str | None:
        known = self.outcome.verdict.technique
        named = self.own if len(decisive) < AGREED else decisive
        shown = {one.technique for one in named if one.bearing is Bearing.DECISIVE and one.technique}
        return max((name for name in shown if known and name.startswith(f"{known}.")), default=known)


def excuse(outcome: Outcome, findings: Iterable[Finding], *, reach: timedelta = REACH) -> Outcome:
    """The outcome as it is or, where it is blocked and enough of `findings` excuse that, insufficient by `EXCUSED`.

    Its layer and failure stay. Findings of other pages and places, or farther away than `reach`, say nothing.
    """
    near = [one for one in findings if _page(one) == _page(outcome) and abs(one.time - outcome.time) <= reach]
    if outcome.verdict.state is not State.BLOCKED or not Weighed(outcome=outcome, shown=tuple(near), own=()).excused:
        return outcome
    verdict = replace(
        outcome.verdict,
        state=State.INSUFFICIENT,
        rule_id=EXCUSED,
        technique=None,
        locus=Locus.UNKNOWN,
        evidence=Evidence.NONE,
        controls_agree=0,
        also=(),
    )
    return replace(outcome, verdict=verdict)


def is_failure(outcome: Outcome) -> bool:
    """Whether experiments may speak of an outcome: it is blocked, or was until they excused it."""
    return outcome.verdict.state is State.BLOCKED or outcome.verdict.rule_id == EXCUSED


def fold(
    outcomes: Iterable[Outcome], *, width: timedelta, findings: Iterable[Finding] = (), reach: timedelta = REACH
) -> tuple[Cell, ...]:
    """One cell per target, vantage point (as it was then) and bucket of `width` counted from 1970, ordered by time.

    `start` and `end` are the first and last measurement, not the bucket's edges. Technique, layer, locus, evidence and
    the controls' votes are those of the blocked outcome with the strongest evidence. `findings` within `reach` of a
    blocked outcome of the same page at the same place say what it hangs on: where enough of them are decisive it
    counts as an artefact, where enough show that others fail there too it counts as insufficient. ValueError where
    `width` is not positive.
    """
    if width <= timedelta(0):
        raise ValueError(f"a cell must have a width, not {width}")
    rows = list(outcomes)
    weighed = _weighed(rows, findings, reach)
    buckets: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in rows:
        buckets.setdefault((bucket_of(outcome.time, width), *_place(outcome)), []).append(outcome)
    cells = [_cell(sorted(rows, key=lambda row: (row.time, row.measurement)), weighed) for rows in buckets.values()]
    return tuple(sorted(cells, key=_position))


def _weighed(rows: Iterable[Outcome], findings: Iterable[Finding], reach: timedelta) -> Mapping[str, Weighed]:
    """The failed outcomes that have experiments beside them, by their measurement."""
    told: dict[tuple[str, ...], list[Finding]] = {}
    for one in findings:
        if one.bearing is not Bearing.NONE:
            told.setdefault(_page(one), []).append(one)
    failed: dict[tuple[str, ...], list[Outcome]] = {}
    for row in rows if told else ():
        if is_failure(row) and _page(row) in told:
            failed.setdefault(_page(row), []).append(row)
    return {
        each.outcome.measurement: each for page, rows in failed.items() for each in _beside(rows, told[page], reach)
    }


def _beside(failed: Sequence[Outcome], findings: Sequence[Finding], reach: timedelta) -> Iterable[Weighed]:
    own: dict[str, list[Finding]] = {}
    for one in findings:
        nearest = min(failed, key=lambda row: (abs(row.time - one.time), row.time, row.measurement))
        if abs(nearest.time - one.time) <= reach:
            own.setdefault(nearest.measurement, []).append(one)
    for row in failed:
        near = tuple(one for one in findings if abs(one.time - row.time) <= reach)
        yield Weighed(outcome=row, shown=near, own=tuple(own.get(row.measurement, ())))


def _page(row: Outcome | Finding) -> tuple[str, ...]:
    return row.target, row.url, row.vantage, row.network, row.country


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


def _cell(rows: Sequence[Outcome], weighed: Mapping[str, Weighed]) -> Cell:
    first = rows[0]
    states = [row.verdict.state for row in rows]
    beside = [each for row in rows if (each := weighed.get(row.measurement)) is not None]
    accusing = [row.measurement for row in rows if row.verdict.state is State.BLOCKED]
    excused = {each.outcome.measurement for each in beside if each.excused}.intersection(accusing)
    blocked = [row for row in rows if row.verdict.state is State.BLOCKED and row.measurement not in excused]
    told = {each.outcome.measurement: each.verdict for each in beside}
    worst = max((told.get(row.measurement, row.verdict) for row in blocked), key=_loudness, default=None)
    bearings = [one.bearing for each in beside for one in each.own]
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
        insufficient=states.count(State.INSUFFICIENT) + len(excused),
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
        decisive=bearings.count(Bearing.DECISIVE),
        exonerating=bearings.count(Bearing.EXONERATING),
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

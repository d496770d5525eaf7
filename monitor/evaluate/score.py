"""How far what was found is what was true: events matched one to one, and what is left over on either side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.evaluate.found import Found, Unit
from monitor.evaluate.world import Kind, TrueBlock

_LEAD = timedelta(hours=6)
"""A find that begins so much before the truth is no find of it, however long it lasts."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One detector on one world; times are in minutes."""

    unit_years: float
    truths: Mapping[Kind, int]
    hits: Mapping[Kind, int]
    false: tuple[Found, ...]
    missed: tuple[TrueBlock, ...]
    fragments: int
    onset: tuple[float, ...]
    """How far the first failure that counts is from the onset, for each hit; negative where it is early."""
    middle: tuple[float, ...]
    """How far the middle of the reported interval is from it, for each hit that came with an interval."""
    end: tuple[float, ...]
    told: tuple[float, ...]
    """Minutes from the true onset until it could be told."""
    within: int
    """Hits whose reported onset interval holds the true onset."""
    intervals: int
    """Hits that came with an interval."""
    alerts: int
    events: int
    """True blocking events, each over all its networks."""

    @property
    def hit(self) -> int:
        """True blocks that were found."""
        return sum(self.hits.values())


def score(found: Sequence[Found], truth: Sequence[TrueBlock], *, until: datetime, unit_years: float) -> Score:
    """Match what was found with what was true, unit by unit, and measure the differences.

    A find matches a truth of the same target and network that it overlaps and that it does not begin much before; each
    matches once, earliest first. Further pieces inside a true block are fragments; the rest is false.
    """
    pairs = match(found, truth, until)
    hits, truths = _by_kind(found=[true for _, true in pairs]), _by_kind(found=truth)
    matched = {id(find) for find, _ in pairs}
    rest = [find for find in found if id(find) not in matched]
    inside = [find for find in rest if any(overlaps(find, true, until) for true in truth)]
    fragments = {id(find) for find in inside}
    hit = {id(true) for _, true in pairs}
    dated = [(find.earliest, find.onset, true.start) for find, true in pairs if find.earliest is not None]
    return Score(
        unit_years=unit_years,
        truths=truths,
        hits=hits,
        false=tuple(find for find in rest if id(find) not in fragments),
        missed=tuple(true for true in truth if id(true) not in hit),
        fragments=len(inside),
        onset=tuple((find.onset - true.start) / _MINUTE for find, true in pairs),
        middle=tuple((earliest + (latest - earliest) / 2 - start) / _MINUTE for earliest, latest, start in dated),
        end=tuple((find.end - true.end) / _MINUTE for find, true in pairs if find.end is not None),
        told=tuple(max(0.0, (find.told - true.start) / _MINUTE) for find, true in pairs),
        within=sum(earliest <= start <= onset for earliest, onset, start in dated),
        intervals=len(dated),
        alerts=len({find.alert for find in found}),
        events=len({(true.target, true.event) for true in truth}),
    )


def match(found: Sequence[Found], truth: Sequence[TrueBlock], until: datetime) -> list[tuple[Found, TrueBlock]]:
    """Pairs of a find and the truth that it is about; nobody twice, the earliest find first."""
    by_unit: dict[Unit, list[TrueBlock]] = defaultdict(list)
    for true in sorted(truth, key=lambda true: true.start):
        by_unit[true.target, true.network].append(true)
    pairs, taken = [], set()
    for find in sorted(found, key=lambda find: find.onset):
        free = (true for true in by_unit.get((find.target, find.network), ()) if id(true) not in taken)
        first = next((true for true in free if overlaps(find, true, until)), None)
        if first is not None:
            taken.add(id(first))
            pairs.append((find, first))
    return pairs


def overlaps(find: Found, true: TrueBlock, until: datetime) -> bool:
    """Whether both are about the same thing at the same time."""
    same = (find.target, find.network) == (true.target, true.network) and find.onset >= true.start - _LEAD
    return same and find.onset <= true.end and (find.end or until) >= true.start


def _by_kind(found: Iterable[TrueBlock]) -> dict[Kind, int]:
    counts: dict[Kind, int] = {}
    for true in found:
        counts[true.kind] = counts.get(true.kind, 0) + 1
    return counts

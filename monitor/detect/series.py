"""Rows as arrays: what was seen of one target from one network, in the order of time, whoever brought it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.model import Cell, Evidence, Locus
from probes.model import Role

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Small: TypeAlias = NDArray[Any]
"""Integers of any width: counts and codes, as narrow as whoever made them liked."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVIDENCE = (Evidence.NONE, Evidence.ARTEFACT, Evidence.AMBIGUOUS, Evidence.SERVER_ANSWER)
"""What the codes in `Series.evidence` stand for."""
LOCI = tuple(Locus)
FOREVER = np.iinfo(np.int64).max
"""A time after all others."""
_COLUMNS = "vantage", "ok", "blocked", "down", "evidence", "technique", "locus", "agree", "total", "decisive"
_MICROSECOND = timedelta(microseconds=1)


class Class(IntEnum):
    """What one measurement came to, as a number: the outcome, and of a blocked one how much it proves."""

    OK = 0
    ARTEFACT = 1
    AMBIGUOUS = 2
    SERVER_ANSWER = 3
    DOWN = 4
    INSUFFICIENT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One target seen from one network: a row per measurement (or per cell of several), in the order of time.

    Times are integers, in microseconds since 1970. `vantage` holds indexes into `vantages`, of which each knows its
    network: the same for all, except where control vantage points of several networks stand together. The columns after
    `simulated` may be left out; without them an event has no technique, no locus and no witnesses.
    """

    target: str
    country: str
    network: str
    vantages: tuple[str, ...]
    networks: tuple[str, ...]
    start: Ints
    end: Ints
    """The same array as `start` where every row is one measurement."""
    vantage: Small
    ok: Small
    blocked: Small
    down: Small
    evidence: Small
    role: Role = Role.VANTAGE
    innocuous: bool = False
    pooled: tuple[bool, ...] = ()
    simulated: bool = False
    technique: Small | None = None
    """Indexes into `techniques`; -1 where a row has none."""
    techniques: tuple[str, ...] = ()
    locus: Small | None = None
    agree: Small | None = None
    total: Small | None = None
    decisive: Small | None = None
    """How many experiments beside a row showed the network to make the difference."""
    witnesses: Callable[[int], tuple[str, ...]] | None = None
    """The ids of the measurements behind a row, asked for by its position."""

    @classmethod
    def measured(
        cls,
        target: str,
        network: str,
        times: ArrayLike,
        vantage: ArrayLike,
        classes: ArrayLike,
        *,
        vantages: Sequence[str] | None = None,
        networks: Sequence[str] | None = None,
        country: str = "ZZ",
        role: Role = Role.VANTAGE,
        innocuous: bool = False,
    ) -> Self:
        """A series from plain arrays: times, vantage points (small integers), outcome classes (`Class`), any order.

        Times are numpy datetimes (UTC), floating-point seconds since 1970, or integers in microseconds. ValueError
        where the lengths differ or a code means nothing.

        >>> Series.measured("kloop", "AS1", [0.0, 600.0], [0, 0], [Class.OK, Class.ARTEFACT]).blocked.tolist()
        [False, True]
        """
        stamps, who, what = _microseconds(times), np.asarray(vantage), np.asarray(classes)
        if not stamps.shape == who.shape == what.shape or stamps.ndim != 1:
            raise ValueError("times, vantage points and classes must be three lists of the same length")
        count = int(who.max()) + 1 if len(who) else 0
        names = tuple(vantages) if vantages is not None else tuple(f"vantage-{number}" for number in range(count))
        if len(who) and (who.min() < 0 or count > len(names) or what.min() < 0 or what.max() > max(Class)):
            raise ValueError("a vantage point without a name, or a class that is none")
        if len(stamps) > 1 and not bool((stamps[1:] > stamps[:-1]).all()):
            order = np.lexsort((what, np.argsort(np.argsort(names))[who], stamps))
            stamps, who, what = stamps[order], who[order], what[order]
        blocked = (what > Class.OK) & (what < Class.DOWN)
        return cls(
            target=target,
            country=country,
            network=network,
            vantages=names,
            networks=tuple(networks) if networks is not None else (network,) * len(names),
            start=stamps,
            end=stamps,
            vantage=who,
            ok=what == Class.OK,
            blocked=blocked,
            down=what == Class.DOWN,
            evidence=what * blocked,
            role=role,
            innocuous=innocuous,
        )

    def __len__(self) -> int:
        return len(self.start)

    def only(self, rows: Ints) -> Self:
        """The same series with these rows alone, given by their positions in order."""
        start = self.start[rows]
        told = self.witnesses
        columns: dict[str, Any] = {
            name: None if column is None else column[rows] for name in _COLUMNS for column in (getattr(self, name),)
        }
        return replace(
            self,
            start=start,
            end=start if self.end is self.start else self.end[rows],
            witnesses=None if told is None else lambda row: told(int(rows[row])),
            **columns,
        )


def series_of(cells: Iterable[Cell], *, until: datetime | None = None) -> tuple[Series, ...]:
    """The cells that began by `until` as series, one for each unit, each target's controls, and each innocuous target
    on a network; the order of the cells does not matter."""
    groups: dict[tuple[Any, ...], list[Cell]] = defaultdict(list)
    for cell in cells:
        if until is None or cell.start <= until:
            controls = cell.role is Role.CONTROL
            place = ("", "") if controls else (cell.country, cell.network)
            groups[controls, cell.innocuous and not controls, cell.target, *place].append(cell)
    return tuple(_series(sorted(group, key=_position)) for _, group in sorted(groups.items()))


def moment(stamp: int) -> datetime:
    """The time of a stamp in microseconds.

    >>> moment(600_000_000).isoformat()
    '1970-01-01T00:10:00+00:00'
    """
    return EPOCH + timedelta(microseconds=int(stamp))


def stamp(time: datetime) -> int:
    """Microseconds since 1970.

    >>> stamp(moment(1_705_556_773_000_001))
    1705556773000001
    """
    return (time - EPOCH) // _MICROSECOND


def length(duration: timedelta) -> int:
    """A duration in microseconds."""
    return duration // _MICROSECOND


def _microseconds(times: ArrayLike) -> Ints:
    given = np.asarray(times)
    match given.dtype.kind:
        case "M":
            return given.astype("datetime64[us]").astype(np.int64)
        case "f":
            return np.rint(given * 1e6).astype(np.int64)
        case _:
            return given.astype(np.int64, copy=False)


def _series(cells: Sequence[Cell]) -> Series:
    first = cells[0]
    points = sorted({(cell.vantage, cell.network, cell.pooled) for cell in cells})
    code = {point: number for number, point in enumerate(points)}
    techniques = tuple(sorted({cell.technique for cell in cells if cell.technique}))
    start = np.array([stamp(cell.start) for cell in cells], np.int64)
    instant = all(cell.start == cell.end for cell in cells)
    return Series(
        target=first.target,
        country=first.country,
        network=first.network,
        vantages=tuple(name for name, _, _ in points),
        networks=tuple(network for _, network, _ in points),
        start=start,
        end=start if instant else np.array([stamp(cell.end) for cell in cells], np.int64),
        vantage=np.array([code[cell.vantage, cell.network, cell.pooled] for cell in cells], np.int32),
        ok=_counts(cell.ok for cell in cells),
        blocked=_counts(cell.blocked for cell in cells),
        down=_counts(cell.down for cell in cells),
        evidence=np.array([EVIDENCE.index(cell.evidence) for cell in cells], np.int8),
        role=first.role,
        innocuous=first.innocuous,
        pooled=tuple(pooled for _, _, pooled in points),
        simulated=any(cell.simulated for cell in cells),
        technique=np.array([techniques.index(cell.technique) if cell.technique else -1 for cell in cells], np.int16),
        techniques=techniques,
        locus=np.array([LOCI.index(cell.locus) for cell in cells], np.int8),
        agree=_counts(cell.controls_agree for cell in cells),
        total=_counts(cell.controls_total for cell in cells),
        decisive=_counts(cell.decisive for cell in cells),
        witnesses=lambda row: cells[row].witnesses,
    )


def _counts(numbers: Iterable[int]) -> Ints:
    return np.fromiter(numbers, np.int64)


def _position(cell: Cell) -> tuple[object, ...]:
    """By time; the rest makes the order the same whatever order the cells came in."""
    return cell.start, cell.end, cell.vantage, cell.network, cell.blocked, cell.ok, cell.evidence, cell.witnesses

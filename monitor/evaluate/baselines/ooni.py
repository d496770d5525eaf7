"""OONI's detector of 2025 and later, restated from its description: a two-sided CUSUM over medians.

Per hour (or another bin) the median of the blocked scores; an hour without data does not exist. In the state `ok` the
sum S+ grows by score - mu0 - v/2 and raises the alarm above h = edd * v / 2; in `blocked`, S- likewise for the way
back; at the beginning both run, and the first crossing settles the state without an alarm. After a silence of more than
24 hours both halve every 48 hours. With mu0 = 0, mu1 = 0.7 and edd = 10, h is 3.5 (ooni/data, event detector).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from monitor.evaluate.found import Found, Unit
from monitor.evaluate.series import bins
from monitor.model import Cell, Evidence

MU0, MU1, EDD = 0.0, 0.7, 10
_DRIFT = (MU1 - MU0) / 2
H = EDD * _DRIFT
_GAP, _HALF_LIFE = timedelta(hours=24), timedelta(hours=48)
_SCORES = {Evidence.ARTEFACT: 0.9, Evidence.SERVER_ANSWER: 0.0}
_FAILED, _FAILED_FOR_ALL = 0.75, 0.25
"""A failure where the control succeeds, and where it fails as well (ooni/data, analysis rules)."""


def score(cell: Cell) -> float:
    """The blocked score that the cell's measurement would get; it knows controls, and no health of vantage points.

    An answer of the server itself scores nothing, because there is no HTTP layer in that analysis.
    """
    if cell.ok:
        return 0.0
    return _FAILED_FOR_ALL if cell.down else _SCORES.get(cell.evidence, _FAILED)


@dataclass(slots=True)
class _State:
    blocked: bool | None = None
    plus: float = 0.0
    minus: float = 0.0
    since: datetime | None = None
    """The first bin after the sum in question last stood at zero."""
    last: datetime | None = None

    def take(self, time: datetime, value: float) -> bool | None:
        """The new state where this bin changed it with an alarm, else None."""
        self._age(time)
        rising, falling = self.blocked is not True, self.blocked is not False
        before = self.minus if self.blocked else self.plus
        self.plus = max(0.0, self.plus + value - MU0 - _DRIFT) if rising else 0.0
        self.minus = max(0.0, self.minus - (value - MU1) - _DRIFT) if falling else 0.0
        now = self.minus if self.blocked else self.plus
        if now and not before:
            self.since = time
        if self.plus > H or self.minus > H:
            silent, self.blocked = self.blocked is None, self.plus > H
            self.plus = self.minus = 0.0
            return None if silent else self.blocked
        return None

    def _age(self, time: datetime) -> None:
        if self.last is not None and time - self.last > _GAP:
            kept = 0.5 ** ((time - self.last) / _HALF_LIFE)
            self.plus, self.minus = self.plus * kept, self.minus * kept
        self.last = time


def cusum(
    unit: Unit, cells: Sequence[Cell], width: timedelta, value: Callable[[Cell], float | None], *, dated: bool = True
) -> list[Found]:
    """The stretches between its alarms for a block and for its end.

    It publishes the time of the alarm only. To be generous, `dated` puts the edges where the sum last left zero, which
    its authors could publish as well; otherwise the edges are the alarms.
    """
    found: list[Found] = []
    state = _State()
    for time, values in bins(cells, width, value):
        change = state.take(time, median(values))
        if change is None or state.since is None:
            continue
        edge = state.since if dated else time
        if change:
            found.append(Found(target=unit[0], network=unit[1], onset=edge, told=time + width, alert=f"{unit} {time}"))
        elif found:
            last = found.pop()
            found.append(
                Found(target=unit[0], network=unit[1], onset=last.onset, told=last.told, end=edge, alert=last.alert)
            )
    return found

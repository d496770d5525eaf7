"""A target's networks side by side: what each says now, how much of the time it reached the target. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from monitor.model import Day, Outcome, State
from monitor.web.heat import Heat, HeatRow
from probes.model import Role

_RANK = (State.BLOCKED, State.DOWN, State.INSUFFICIENT, State.OK)
_COUNTED = ("ok", "down", "blocked", "insufficient")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One network's row."""

    row: HeatRow
    state: str
    """The strongest of its newest results; `stale` where all are too old, `none` where it has none."""
    newest: Outcome | None
    """The result that `state` is of."""


def standings(shown: Heat, last: Sequence[Outcome], now: datetime, fresh: timedelta) -> tuple[Standing, ...]:
    """The networks of a heat map in its order, each with its newest results of `last` (newest first)."""
    newest: dict[tuple[str, str], Outcome] = {}
    for outcome in last:
        if outcome.role is Role.VANTAGE:
            newest.setdefault((outcome.vantage, outcome.url), outcome)
    grouped: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in newest.values():
        grouped.setdefault((outcome.country, outcome.network), []).append(outcome)
    return tuple(_standing(row, grouped.get((row.country, row.name), ()), now, fresh) for row in shown.rows)


def _standing(row: HeatRow, found: Sequence[Outcome], now: datetime, fresh: timedelta) -> Standing:
    present = [outcome for outcome in found if now - outcome.time <= fresh]
    if not present:
        return Standing(row=row, state="stale" if found else "none", newest=found[0] if found else None)
    strongest = min(present, key=lambda outcome: _RANK.index(outcome.verdict.state))
    return Standing(row=row, state=strongest.verdict.state.value, newest=strongest)


def days_of(outcomes: Iterable[Outcome]) -> tuple[Day, ...]:
    """Single results counted by network and day, as the store counts them: no control, no innocuous target."""
    counts: dict[tuple[str, str, str, date], Counter[str]] = {}
    for row in outcomes:
        if row.role is Role.VANTAGE and not row.innocuous:
            key = (row.target, row.country, row.network, row.time.astimezone(UTC).date())
            counts.setdefault(key, Counter())[row.verdict.state.value] += 1
    return tuple(_day(*key, found) for key, found in counts.items())


def _day(target: str, country: str, network: str, day: date, found: Mapping[str, int]) -> Day:
    ok, down, blocked, insufficient = (found.get(name, 0) for name in _COUNTED)
    return Day(
        target=target,
        country=country,
        network=network,
        day=day,
        ok=ok,
        down=down,
        blocked=blocked,
        insufficient=insufficient,
    )

"""How far the fleet is believed: whose vote is gone, and what a clock that is off must not confirm. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from monitor.fleet import Trust
from monitor.model import BlockingEvent, Cell, Finding, Outcome, Tier

Row = TypeVar("Row", bound=Outcome | Finding)


def voting(rows: Sequence[Row], trust: Trust) -> Sequence[Row]:
    """The rows without those of vantage points in quarantine; they stay stored and shown."""
    return [row for row in rows if row.vantage not in trust.voteless] if trust.voteless else rows


def told_in_time(cells: Iterable[Cell], trust: Trust) -> tuple[Cell, ...]:
    """The cells without those that a vantage point filled while its clock was off, or nobody knows."""
    return tuple(cell for cell in cells if not _skewed(cell, trust))


def capped(found: Iterable[BlockingEvent], exact: Iterable[BlockingEvent]) -> tuple[BlockingEvent, ...]:
    """The events, confirmed only where those of exact clocks alone (`exact`) confirm the same block, too."""
    confirmed = [event for event in exact if event.tier is Tier.CONFIRMED]
    return tuple(
        replace(event, tier=Tier.LIKELY)
        if event.tier is Tier.CONFIRMED and not any(_same(event, other) for other in confirmed)
        else event
        for event in found
    )


def _skewed(cell: Cell, trust: Trust) -> bool:
    return any(
        each.vantage == cell.vantage and each.first <= cell.end and cell.start <= each.last for each in trust.skewed
    )


def _same(one: BlockingEvent, other: BlockingEvent) -> bool:
    """Whether two events are of one target in one country, and share a network and a moment."""
    if (one.target, one.country) != (other.target, other.country) or not {*one.networks} & {*other.networks}:
        return False
    ends = [event.end[1] if event.end else None for event in (one, other)]
    return (ends[0] is None or other.onset[1] <= ends[0]) and (ends[1] is None or one.onset[1] <= ends[1])

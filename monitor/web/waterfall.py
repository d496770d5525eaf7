"""The steps of a measurement on one time line, each beside the same step at a control. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.web.steps import Line, line
from probes.model import Measurement, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step: its line, the control's, and where both stand as shares of the common time line."""

    line: Line
    beside: Line | None
    x: float
    width: float
    beside_x: float = 0.0
    beside_width: float = 0.0


def waterfall(here: Measurement, there: Measurement | None) -> tuple[Rung, ...]:
    """The steps in their order; the control's step is the one of the same kind, hop and turn.

    A control takes other addresses in another order, so that it is the turn that pairs them and not the address.
    """
    steps = there.steps if there is not None else ()
    matched = _matched(here.steps, steps)
    length = max((step.started + step.duration for step in (*here.steps, *steps)), default=0.0) or 1.0
    return tuple(_rung(step, other, length) for step, other in zip(here.steps, matched, strict=True))


def _matched(steps: Iterable[Step], others: Sequence[Step]) -> list[Step | None]:
    waiting: dict[tuple[object, ...], list[Step]] = defaultdict(list)
    for other in others:
        waiting[_key(other)].append(other)
    return [waiting[_key(step)].pop(0) if waiting.get(_key(step)) else None for step in steps]


def _key(step: Step) -> tuple[object, ...]:
    """What makes two steps the same; lookups by whom they ask, since a public resolver is one for all."""
    asked = (getattr(step, "engine", ""), getattr(step, "query_type", ""))
    return (type(step), step.hop, step.purpose, *asked)


def _rung(step: Step, other: Step | None, length: float) -> Rung:
    return Rung(
        line=line(step),
        beside=None if other is None else line(other),
        x=step.started / length,
        width=step.duration / length,
        beside_x=0.0 if other is None else other.started / length,
        beside_width=0.0 if other is None else other.duration / length,
    )

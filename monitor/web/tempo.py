"""How long answers took: one line per vantage point, for stretches in which single measurements are drawn. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from monitor.model import Outcome, State
from monitor.web.timeline import Frame
from probes.model import Role

WIDTH, HEIGHT = 1000, 30
"""The box in which the lines are given; the template stretches it to the width of the page."""
_BINS = 250
"""Points of a line: more are not seen apart on a wide screen."""
_MOST = 12
"""Lines; who has more vantage points than this looks at one network's own page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """One vantage point's line: unbroken parts, each a list of `x,y` for a polyline; times in seconds."""

    vantage: str
    network: str
    role: str
    parts: tuple[str, ...]
    middle: float
    """The median of what it measured."""
    slow: float
    """Nineteen of twenty were faster."""


def tempos(outcomes: Iterable[Outcome], frame: Frame, carry: timedelta) -> tuple[Tempo, ...]:
    """The lines of the answers that came as they should, on one common scale; a silence longer than `carry` breaks one.

    Failures have no speed, and are left out: a time limit says how patient we were and nothing of the site.
    """
    grouped: dict[tuple[bool, str, str], list[tuple[float, float]]] = defaultdict(list)
    for row in outcomes:
        seconds, x = row.timings.total, frame.share(row.time)
        if seconds is not None and row.verdict.state is State.OK and 0 <= x <= 1:
            grouped[row.role is Role.CONTROL, row.network, row.vantage].append((x, seconds))
    chosen = sorted(grouped.items())[:_MOST]
    top = max((seconds for _, found in chosen for _, seconds in _binned(found)), default=1.0) or 1.0
    gap = max(carry / (frame.until - frame.since), 2 / _BINS)
    return tuple(_tempo(key, found, top, gap) for key, found in chosen)


def _tempo(key: tuple[bool, str, str], found: Sequence[tuple[float, float]], top: float, gap: float) -> Tempo:
    control, network, vantage = key
    ordered = sorted(seconds for _, seconds in found)
    return Tempo(
        vantage=vantage,
        network=network,
        role=(Role.CONTROL if control else Role.VANTAGE).value,
        parts=tuple(_parts(_binned(found), top, gap)),
        middle=median(ordered),
        slow=ordered[min(len(ordered) - 1, len(ordered) * 19 // 20)],
    )


def _binned(found: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The median of each bin of the width, in order."""
    bins: dict[int, list[float]] = defaultdict(list)
    for x, seconds in found:
        bins[min(_BINS - 1, int(x * _BINS))].append(seconds)
    return [((number + 0.5) / _BINS, median(each)) for number, each in sorted(bins.items())]


def _parts(points: Sequence[tuple[float, float]], top: float, gap: float) -> list[str]:
    parts: list[list[str]] = []
    last = None
    for x, seconds in points:
        if last is None or x - last > gap:
            parts.append([])
        parts[-1].append(f"{x * WIDTH:.1f},{HEIGHT - 1 - (HEIGHT - 2) * seconds / top:.1f}")
        last = x
    return [" ".join(each if len(each) > 1 else each * 2) for each in parts]

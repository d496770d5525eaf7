"""How the watched targets stand, in public: a state in few words now, and a bar for each of the last 90 days. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from monitor.model import BlockingEvent, Day, EventKind, State
from monitor.web.board import Board
from monitor.web.nets import nets
from probes.model import Target

DAYS = 90
WIDE, HIGH = 4, 14
"""Units of the drawing: one day, and a whole bar."""
_SPEAKING = ("blocked", "down", "ok", "insufficient", "stale", "none")
"""Which state a target has where its networks differ: a block anywhere first, and ok before what proves nothing."""
_TESTED = ("blocked", "down", "ok", "insufficient")
_COUNTED = ("ok", "down", "blocked", "insufficient")
_STACK = (State.OK, State.INSUFFICIENT, State.DOWN, State.BLOCKED)
"""From the top of a day's bar to its bottom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One state's share of a day's bar."""

    state: str
    top: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One UTC day of one target over all networks; without parts there is no data."""

    day: date
    counts: Mapping[str, int]
    parts: tuple[Part, ...]

    @property
    def state(self) -> str:
        """The loudest state of the day."""
        return next((each for each in _SPEAKING if self.counts.get(each)), "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One target."""

    target: Target
    state: str
    share: int
    """On how many networks it has that state …"""
    tested: int
    """… of those that were tested lately."""
    bars: tuple[Bar, ...]
    events: tuple[BlockingEvent, ...]
    """That go on, or ended within these days; the latest onset first."""

    @property
    def days(self) -> Mapping[str, int]:
        """State -> on how many days it was the loudest."""
        found = Counter(bar.state for bar in self.bars)
        return {state: found[state] for state in _SPEAKING if found[state]}

    @property
    def paths(self) -> Mapping[str, str]:
        """State -> its parts of all bars as one SVG path: `WIDE` a day, `HIGH` for a whole bar.

        What works is a thin line and no data a dash, so that the shape says it as well as the colour.
        """
        found: dict[str, list[str]] = {}
        for place, bar in enumerate(self.bars):
            parts = bar.parts or (Part(state="none", top=0.45, height=0.1),)
            for part in parts:
                thin = part.state == "ok" and part.height == 1
                top, height = (0.35, 0.3) if thin else (part.top, part.height)
                drawn = f"M{WIDE * place} {HIGH * top:g}h{WIDE - 1}v{HIGH * height:.3g}h-{WIDE - 1}z"
                found.setdefault(part.state, []).append(drawn)
        return {state: "".join(drawn) for state, drawn in found.items()}


def standings(
    table: Board, days: Iterable[Day], events: Sequence[BlockingEvent], now: datetime
) -> tuple[Standing, ...]:
    """Every watched target, in the order of the configuration."""
    today = now.astimezone(UTC).date()
    counts = _counted(days)
    found = tuple(nets(table))
    told = [event for event in events if event.kind is EventKind.BLOCKING and _lately(event, now)]
    return tuple(
        _standing(
            row.target,
            Counter(net.states[row.target.id] for net in found),
            tuple(_bars(counts.get(row.target.id, {}), today)),
            tuple(event for event in told if event.target == row.target.id),
        )
        for row in table.watched
    )


def _standing(
    target: Target, states: Counter[str], bars: tuple[Bar, ...], events: tuple[BlockingEvent, ...]
) -> Standing:
    state = next((each for each in _SPEAKING if states[each]), "none")
    tested = sum(states[each] for each in _TESTED)
    return Standing(target=target, state=state, share=states[state], tested=tested, bars=bars, events=events)


def _counted(days: Iterable[Day]) -> Mapping[str, Mapping[date, Counter[str]]]:
    """Counts per target and day, over all networks; of a large fleet there are half a million rows."""
    sums: dict[tuple[str, date], tuple[int, int, int, int]] = {}
    for day in days:
        ok, down, blocked, insufficient = sums.get((day.target, day.day), (0, 0, 0, 0))
        sums[day.target, day.day] = (
            ok + day.ok,
            down + day.down,
            blocked + day.blocked,
            insufficient + day.insufficient,
        )
    found: dict[str, dict[date, Counter[str]]] = {}
    for (target, date_), counts in sums.items():
        found.setdefault(target, {})[date_] = Counter(dict(zip(_COUNTED, counts, strict=True)))
    return found


def _bars(counts: Mapping[date, Counter[str]], today: date) -> Iterator[Bar]:
    for back in range(DAYS - 1, -1, -1):
        day = today - timedelta(days=back)
        counter = counts.get(day, Counter())
        yield Bar(day=day, counts=+counter, parts=tuple(_parts(counter)))


def _parts(counter: Counter[str]) -> Iterator[Part]:
    """Shares of a day, from top to bottom.

    >>> [(part.state, part.top, part.height) for part in _parts(Counter(ok=3, blocked=1))]
    [('ok', 0.0, 0.75), ('blocked', 0.75, 0.25)]
    """
    total, top = counter.total(), 0.0
    for state in _STACK:
        if counter[state.value]:
            height = counter[state.value] / total
            yield Part(state=state.value, top=top, height=height)
            top += height


def _lately(event: BlockingEvent, now: datetime) -> bool:
    return event.end is None or event.end[1] >= now - timedelta(days=DAYS)

"""What a running process knows of itself: the schedule and the pipeline write it, the collector reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monitor.metrics.histogram import Histogram
from monitor.metrics.wire import LAYERS, Wires, seconds_of
from monitor.model import State
from probes.model import Measurement


class Outbox(Protocol):
    """What is known of messages to recipients."""

    def fates(self) -> Mapping[str, int]:
        """How many there are, by what became of them."""

    def overdue(self) -> float:
        """Seconds for which the one that has been due longest waits; 0 where none is."""


class Tally(Protocol):
    """What a schedule counted since it started; lag in seconds."""

    started: int
    missed: int
    overlapped: int
    running: int
    lag: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spool:
    """What a vantage point of others keeps until a collector has it, by the account of its newest batch."""

    vantage: str
    waiting: int
    dropped: int
    """Measurements that it made and that will never come."""
    seen: float | None
    """When it asked or delivered last, as Unix time."""


@dataclass(slots=True, kw_only=True)
class Runtime:
    """Counts of one process; plain numbers that one event loop writes and any thread may read."""

    version: str = "unknown"
    tally: Tally | None = None
    """None where nothing is scheduled here (a page that only reads)."""
    measured: MutableMapping[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))

    steps: Mapping[tuple[str, str], Histogram] = field(
        default_factory=lambda: {(layer, result): Histogram() for layer in LAYERS for result in ("ok", "failed")}
    )
    """By layer and result."""
    wires: Wires = field(default_factory=Wires)
    outbox: Outbox | None = None
    """None where this process sends nothing."""
    spools: Callable[[], Sequence[Spool]] = tuple
    """Of the vantage points of others that deliver here; none where nobody does."""
    mistakes: int = 0
    """Bursts of experiments that an exception of ours cut short."""
    changes: int = 0
    """Reviews that found an event new or changed."""
    store_bytes: int | None = None
    """Size of the data folder; None where this process does not look after one."""
    store_limit: int | None = None
    """What the configuration calls too large; None where it does not."""

    @property
    def over_limit(self) -> bool:
        """Whether the data folder that this process looks after is larger than the configuration wants."""
        return None not in (self.store_bytes, self.store_limit) and (self.store_bytes or 0) > (self.store_limit or 0)

    def count(self, state: State) -> None:
        """One more measurement was judged to be `state`.

        >>> runtime = Runtime()
        >>> runtime.count(State.OK)
        >>> runtime.measured[State.OK], runtime.measured[State.BLOCKED]
        (1, 0)
        """
        self.measured[state] += 1

    def saw(self, measurement: Measurement, name: str, state: State) -> None:
        """A visit was kept under the id `name` and judged: its steps are counted, and its connection remembered."""
        self.count(state)
        for layer, result, seconds in seconds_of(measurement):
            self.steps[layer, result].observe(seconds)
        self.wires.keep(measurement, name)

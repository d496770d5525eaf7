"""One look at a store: everything that metrics and the front page are made of, taken at one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from monitor.model import BlockingEvent, Latest, State, VantageStatus, Verdict

IMPORTED = frozenset({"ooni"})
"""Kinds of vantage point that bring history: their newest result is old news and never a present state."""

FRESH = timedelta(hours=1)
"""How long a result stands for the present where no schedule says otherwise."""


_RANK = (State.BLOCKED, State.DOWN, State.INSUFFICIENT, State.OK)


class Reader(Protocol):
    """What is read of a store."""

    @property
    def simulated(self) -> bool:
        """True where everything in the store is simulated."""

    def latest(self) -> tuple[Latest, ...]:
        """The newest outcomes."""

    def events(self) -> tuple[BlockingEvent, ...]:
        """The newest revision of every event."""

    def health(self) -> tuple[VantageStatus, ...]:
        """The newest status of every vantage point."""

    def counts(self) -> Mapping[str, int]:
        """How many records of each kind there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What a store said at one moment; the empty glance is a store in which nothing is yet."""

    latest: tuple[Latest, ...] = ()
    events: tuple[BlockingEvent, ...] = ()
    health: tuple[VantageStatus, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    simulated: bool = False


def glance(reader: Reader, *, counted: bool = True) -> Glance:
    """Read everything at once; the reader's own errors pass through.

    Without `counted` nothing is counted: that takes the longer the more is stored.
    """
    return Glance(
        latest=reader.latest(),
        events=reader.events(),
        health=reader.health(),
        counts=reader.counts() if counted else {},
        simulated=reader.simulated,
    )


def live(latest: Iterable[Latest]) -> tuple[Latest, ...]:
    """Those that a vantage point of ours measured; imported history left out."""
    return tuple(entry for entry in latest if entry.outcome.vantage_kind not in IMPORTED)


def strongest(
    entries: Iterable[Latest], of: Callable[[Verdict], State | None] = lambda verdict: verdict.state
) -> dict[tuple[str, str], Latest]:
    """Per (target, vantage point) the one entry that speaks for all its URLs: blocked before down, insufficient and ok.

    Of two with the same state the one that has been so for longer; `of` reads the state, and who has none is left out.
    """
    found: dict[tuple[str, str], Latest] = {}
    ranked = [(_RANK.index(state), entry) for entry in entries if (state := of(entry.outcome.verdict)) is not None]
    for _, entry in sorted(ranked, key=lambda one: (one[0], one[1].since), reverse=True):
        found[entry.outcome.target, entry.outcome.vantage] = entry
    return found


def is_fresh(entry: Latest, now: datetime, fresh: timedelta) -> bool:
    """True where the result still stands for the present; an old result is no state, whatever it said."""
    return now - entry.outcome.time <= fresh


def is_heard(status: VantageStatus, now: datetime, fresh: timedelta) -> bool:
    """True where the vantage point measured recently enough for its health to be that of now."""
    return status.last_seen is not None and now - status.last_seen <= fresh

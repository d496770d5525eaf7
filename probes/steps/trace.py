"""What all steps of one measurement share, and where their records gather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from probes.model import Limits, Step
from probes.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The network to measure on, the limits, the clock, the number of the hop, and the steps so far.

    `started` is when the measurement began (aware, UTC; certificates are judged for that moment) and `elapsed` the
    monotonic seconds since then. All hops of a measurement share one list, so that a measurement that is cut short
    still has what happened: a step is kept even when it is cancelled, as `generic_timeout_error`.
    """

    network: Network
    limits: Limits
    started: datetime
    elapsed: Callable[[], float]
    hop: int = 0
    steps: list[Step] = field(default_factory=list)

    def keep(self, step: Step) -> None:
        """Add the record of a step that ended, however it ended."""
        self.steps.append(step)

    def at(self, hop: int) -> Trace:
        """The same measurement at another hop (0 is the URL itself, each redirect followed adds one)."""
        return replace(self, hop=hop)

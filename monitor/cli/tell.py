"""Lines on the terminal while the program runs: what changed, in plain and cautious words, and nothing else."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from monitor.model import BlockingEvent, Health, VantageStatus
from monitor.store import StoreError
from probes.document import rfc3339

_LOOKS = {Health.OFFLINE: "bold yellow", Health.SICK: "bold yellow", Health.HEALTHY: "green", Health.UNKNOWN: "dim"}


class Teller:
    """Says what a review changed since the one before."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._health: dict[str, Health] = {}
        self._told: dict[str, str] = {}

    def reviewed(self, events: Sequence[BlockingEvent], statuses: Sequence[VantageStatus]) -> None:
        """Tell of vantage points whose health is another than before, and of events that are new or revised."""
        for status in statuses:
            if self._health.get(status.vantage, Health.UNKNOWN) is not status.health:
                self._health[status.vantage] = status.health
                self._console.print(health_line(status), style=_LOOKS[status.health], markup=False, soft_wrap=True)
        for event in events:
            line = event_line(event)
            if self._told.get(event.id) != line:
                self._told[event.id] = line
                self._console.print(line, style="bold", markup=False, soft_wrap=True)

    def untended(self, fault: StoreError) -> None:
        """Tell once of each reason why the store could not be sealed or pruned; nothing that was measured is lost."""
        line = f"The store could not be tended, measuring goes on: {fault}"
        if self._told.get("store") != line:
            self._told["store"] = line
            self._console.print(line, style="yellow", markup=False, soft_wrap=True)

    def mistaken(self, mistake: Exception) -> None:
        """Tell once of each line of code at which a burst of experiments broke off, and nothing of what it held."""
        line = f"A burst of experiments was cut short by a mistake in this program, measuring goes on: {where(mistake)}"
        if self._told.get(line) is None:
            self._told[line] = line
            self._console.print(line, style="yellow", markup=False, soft_wrap=True)


def where(mistake: BaseException) -> str:
    """The kind of an exception and the line of code that raised it; of a group, of its first. Messages stay out: they
    may hold addresses and names.

    >>> where(ExceptionGroup("several", [KeyError("a secret")]))
    'KeyError'
    """
    while isinstance(mistake, BaseExceptionGroup):
        mistake = mistake.exceptions[0]
    frames = traceback.extract_tb(mistake.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(mistake).__name__}{place}"


def health_line(status: VantageStatus) -> str:
    """One vantage point's health for people; where it cannot be believed, the line says what follows from that."""
    line = f"Vantage point {status.vantage} is {status.health}: {status.why}"
    if status.health in (Health.OFFLINE, Health.SICK):
        line += " Its results are insufficient: nothing is claimed to be blocked or down."
    return line


def event_line(event: BlockingEvent) -> str:
    """One event for people, in cautious words: what was seen, where, since when, how sure."""
    earliest, latest = event.onset
    onset = f"between {rfc3339(earliest)} and {rfc3339(latest)}" if earliest else f"before {rfc3339(latest)}"
    what = f"consistent with {event.technique}" if event.technique else "consistent with blocking"
    label = "[SIMULATED] " if event.simulated else ""
    line = f"{label}{event.target}: {event.tier}, {what} on {', '.join(event.networks)}; began {onset}"
    if event.end is not None:
        first, last = event.end
        line += f"; ended between {rfc3339(first)} and {rfc3339(last)}" if first else f"; ended before {rfc3339(last)}"
    return f"{line} (event {event.id})"

"""What all steps of one measurement share, and where their records gather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import ip_address

from probes.model import Limits, Purpose, Step
from probes.network import Network
from probes.own import Own, machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The network to measure on, the limits, the clock, the number of the hop, and the steps so far.

    `started` is when the measurement began (aware, UTC; certificates are judged for that moment) and `elapsed` the
    monotonic seconds since then. All hops of a measurement share one list, so that a measurement that is cut short
    still has what happened: a step is kept even when it is cancelled, as `generic_timeout_error`. `own` is what must
    not be in a record; it grows with each socket.
    """

    network: Network
    limits: Limits
    started: datetime
    elapsed: Callable[[], float]
    hop: int = 0
    purpose: Purpose = Purpose.VISIT
    thorough: bool = True
    """False where a look has to be cheap: then routers' words are not asked for."""
    steps: list[Step] = field(default_factory=list)
    own: Own = field(default_factory=lambda: Own(machine()))

    def keep(self, step: Step) -> None:
        """Add the record of a step that ended, however it ended."""
        self.steps.append(step)

    def at(self, hop: int) -> Trace:
        """The same measurement at another hop (0 is the URL itself, each redirect followed adds one)."""
        return replace(self, hop=hop)

    def on(self, purpose: Purpose) -> Trace:
        """The same measurement, for steps that are made for `purpose`."""
        return replace(self, purpose=purpose)

    def within(self, limits: Limits) -> Trace:
        """The same measurement within other limits."""
        return replace(self, limits=limits)

    def router(self, error: BaseException | None, local: str) -> str:
        """Who sent an ICMP error, as it may be recorded; empty where nobody did, or where it tells where we are.

        That is what an address that is not public does, and one of our own network: the same /24 or, for IPv6, /64, as
        `local`, the address of our socket.
        """
        address = getattr(error, "router", "")
        if not address or self.network.screen(address) is not None or _neighbours(address, local):
            return ""
        return str(address)

    def record(self) -> tuple[Step, ...]:
        """The steps in the order of the walk, without anything that tells where this machine is."""
        walk = sorted(self.steps, key=lambda step: (step.hop, step.started))
        hidden: tuple[Step, ...] = self.own.hide_in(tuple(walk))
        return hidden


def _neighbours(one: str, other: str) -> bool:
    """Whether two addresses are of one network as small as any that is given out.

    >>> _neighbours("192.0.2.1", "192.0.2.77"), _neighbours("192.0.2.1", "192.0.3.1"), _neighbours("192.0.2.1", "")
    (True, False, False)
    """
    try:
        first, second = ip_address(one), ip_address(other)
    except ValueError:
        return False
    if first.version != second.version:
        return False
    shift = 8 if first.version == 4 else 64
    return int(first) >> shift == int(second) >> shift

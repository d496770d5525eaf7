"""The kinds of probe, one per file; each exposes `PROBE`, and `probes.registry` finds it there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from probes.model import Clock, Measurement, Task
from probes.network import Network
from probes.proxied import SPEECHES


class Need(Enum):
    """What a kind cannot do without, beside a target and a network; the words are for people."""

    INNOCUOUS = "an innocuous name to compare with"
    ECHO = "an echo host with a token and a pin"
    LINE = "a line of its own, not a proxy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A kind of probe: its name, the version of its method, and the one function that measures."""

    name: str
    version: str
    measure: Callable[[Task, Network, Clock], Awaitable[Measurement]]
    needs: frozenset[Need] = frozenset()
    by_proxy: bool = False
    """Whether it can say anything where names are looked up, and connections made, by a proxy."""
    of_place: bool = False
    """Whether it looks at the vantage point, so that the target plays no part and one measurement speaks for all."""

    def lacks(self, task: Task) -> tuple[Need, ...]:
        """What the kind needs and the task does not have, in the order of `Need`."""
        echo = task.echo
        has = {
            Need.INNOCUOUS: bool(task.innocuous_names),
            Need.ECHO: bool(echo and echo.token and echo.pin),
            Need.LINE: task.vantage.kind not in SPEECHES,
        }
        needs = self.needs if self.by_proxy else self.needs | {Need.LINE}
        return tuple(need for need in Need if need in needs and not has[need])

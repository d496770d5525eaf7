"""The kinds of probe, one per file; each exposes `PROBE`, and `probes.registry` finds it there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from probes.model import Clock, Measurement, Task
from probes.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A kind of probe: its name, the version of its method, and the one function that measures."""

    name: str
    version: str
    measure: Callable[[Task, Network, Clock], Awaitable[Measurement]]

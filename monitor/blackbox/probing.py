"""What one probe on demand shares: the network, its clock, what it measured and what it says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from probes.network import Network

Key: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""Name of the metric, and its labels in their order."""


class ProbeFailedError(Exception):
    """A probe cannot succeed any more; the text says why, for the log of the probe."""


@dataclass(slots=True, kw_only=True)
class Probing:
    """One probe under way."""

    network: Network
    clock: Callable[[], float]
    """Monotonic seconds."""
    now: float
    """When it began, as Unix time."""
    hostname: str = ""
    """The Host of the request, where the caller names one."""
    samples: dict[Key, float] = field(default_factory=dict)
    log: list[tuple[float, str, str]] = field(default_factory=list)
    """Seconds since the start, level, text."""
    began: float = 0.0

    def set(self, name: str, value: float, **labels: str) -> None:
        """The metric is this now."""
        self.samples[name, tuple(labels.items())] = float(value)

    def add(self, name: str, value: float, **labels: str) -> None:
        """The metric is so much more."""
        key = (name, tuple(labels.items()))
        self.samples[key] = self.samples.get(key, 0.0) + value

    def say(self, text: str, level: str = "info") -> None:
        """A line for whoever asks with `debug=true`."""
        self.log.append((self.clock() - self.began, level, text))

"""The way to a site, hop by hop: how far messages under its name came, and under another one. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from probes.model import Measurement, TTLTrial

_CAME = ("arrived", "cut", "router", "silence")
"""What speaks for a number of hops where several messages were sent: the first that happened."""
_SILENCE = "generic_timeout_error"
_USED_UP = "host_unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """What came back of messages that could pass so many routers."""

    ttl: int
    came: str
    """arrived (an answer as if from the address), cut, router (it gave the message up), or silence."""
    router: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Messages of one kind under one name to one address."""

    method: str
    name: str
    address: str
    purpose: str
    hops: tuple[Hop, ...]


def ways(measurement: Measurement) -> tuple[Way, ...]:
    """The ways in the order in which they were tried; none where the measurement is of another kind.

    Hops that were not tried are left out: nothing is known of them.
    """
    grouped: dict[tuple[str, str, str, str], dict[int, list[Hop]]] = defaultdict(lambda: defaultdict(list))
    for step in measurement.steps:
        if isinstance(step, TTLTrial):
            key = (step.method, step.name, f"{step.address} :{step.port}", step.purpose.value)
            grouped[key][step.ttl].append(_hop(step))
    return tuple(
        Way(
            method=method,
            name=name,
            address=address,
            purpose=purpose,
            hops=tuple(_telling(tried) for _, tried in sorted(hops.items())),
        )
        for (method, name, address, purpose), hops in grouped.items()
    )


def _telling(tried: Iterable[Hop]) -> Hop:
    return min(tried, key=lambda hop: _CAME.index(hop.came))


def _hop(step: TTLTrial) -> Hop:
    if step.failure is None:
        came = "arrived"
    elif step.failure == _USED_UP or (step.icmp is not None and step.router):
        came = "router"
    else:
        came = "silence" if step.failure == _SILENCE else "cut"
    return Hop(ttl=step.ttl, came=came, router=step.router, failure=step.failure or "")

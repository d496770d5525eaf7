"""Comparing names: which name is shown to which address, in which order, each on a fresh connection.

Where there are two addresses, the target's name and the innocuous one go to different ones: a censor who punishes an
address for a while after a trigger (residual censorship) cannot then spoil the comparison. At the target, where the
comparison must be made at one address, a second address is shown the innocuous name only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random

from probes.flows.reach import addresses_of
from probes.model import Purpose, Task
from probes.steps.resolver import Engine
from probes.steps.trace import Trace
from probes.steps.url import WebAddress, parse

TRUSTED_FIRST: tuple[Engine, ...] = ("doh", "udp", "system")
"""Whose addresses of the target are taken first: at a forged address nothing can be learned about names."""


RESTS = 2
"""As often a comparison rests at most: once at the target's address, once at an echo host that has but one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One connection: the name that is shown, to which address, and what for."""

    purpose: Purpose
    name: str
    address: str
    echo: bool = False


Run = Callable[[Trace, Flow], Awaitable[None]]


def prepare(task: Task, source: Random) -> tuple[WebAddress, str]:
    """The target's place, and an innocuous name that is drawn; ValueError where the task has none to compare with."""
    place = parse(task.url)
    if place.literal:
        raise ValueError(f"{task.url} has no name that could be compared with another")
    names = [name for name in task.innocuous_names if name.lower() != place.host]
    if not names:
        raise ValueError("comparing names needs an innocuous name")
    return place, parse(f"https://{source.choice(names)}/").host


async def swap(trace: Trace, task: Task, place: WebAddress, innocuous: str, *, source: Random, run: Run) -> None:
    """Look up the target, and let `run` make all flows, one after the other in an order that is drawn.

    Before an innocuous name goes to an address that was shown the target's, it rests for what is left of `hold_off`.
    """
    at_target = await addresses_of(trace, place, task.resolvers, engines=TRUSTED_FIRST)
    at_echo = task.echo.addresses if task.echo else ()
    planned = list(flows(place.host, innocuous, at_target, at_echo))
    source.shuffle(planned)
    shown: dict[str, float] = {}
    for flow in planned:
        if flow.name != place.host and flow.address in shown:
            await asyncio.sleep(max(0.0, shown[flow.address] + task.hold_off - trace.elapsed()))
        await run(trace.on(flow.purpose), flow)
        if flow.name == place.host:
            shown[flow.address] = trace.elapsed()


def flows(host: str, innocuous: str, at_target: Sequence[str], at_echo: Sequence[str]) -> tuple[Flow, ...]:
    """The connections of one comparison; fewer where there is no address of the target's, or no echo host.

    >>> planned = flows("a.kg", "b.kg", ["192.0.2.1"], ["192.0.2.8", "192.0.2.9"])
    >>> [(flow.purpose.value, flow.address) for flow in planned]  # doctest: +NORMALIZE_WHITESPACE
    [('trigger@target', '192.0.2.1'), ('innocuous@target', '192.0.2.1'),
     ('trigger@echo', '192.0.2.8'), ('innocuous@echo', '192.0.2.9')]
    """
    planned: list[Flow] = []
    if at_target:
        planned += [
            Flow(purpose=Purpose.TRIGGER_AT_TARGET, name=host, address=at_target[0]),
            Flow(purpose=Purpose.INNOCUOUS_AT_TARGET, name=innocuous, address=at_target[0]),
        ]
    if len(at_target) > 1:
        planned.append(Flow(purpose=Purpose.INNOCUOUS_ELSEWHERE, name=innocuous, address=at_target[1]))
    if at_echo:
        planned += [
            Flow(purpose=Purpose.TRIGGER_AT_ECHO, name=host, address=at_echo[0], echo=True),
            Flow(purpose=Purpose.INNOCUOUS_AT_ECHO, name=innocuous, address=at_echo[-1], echo=True),
        ]
    return tuple(planned)

"""Looks whether a page answers, as cheaply as can be: what an uptime monitor asks every minute.

The system's resolver is asked once for each family, the first address that lets itself be reached is taken (the others
are tried only where it fails), and one GET is made; a redirect is an answer and is not followed. The certificate, with
the day on which it expires, is in the handshake's chain. Nothing is compared, so this tells up from down and never what
made the difference; for that there is `website`.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import lru_cache

from probes.flows.course import carry
from probes.flows.reach import addresses_of, first_open
from probes.kinds import Probe
from probes.model import Clock, Limits, Measurement, Task
from probes.network import Network
from probes.steps.http import fetch
from probes.steps.request import Visit
from probes.steps.trace import Trace
from probes.steps.url import parse


async def measure(task: Task, network: Network, clock: Clock) -> Measurement:
    """Ask once for `task.url` and return the steps; ValueError where the URL is none."""
    place = parse(task.url)

    async def walk(whole: Trace) -> None:
        trace = replace(whole, limits=_hasty(whole.limits), thorough=False)
        addresses = await addresses_of(trace, place, task.resolvers, engines=("system",))
        channel = await first_open(trace, place, addresses)
        if channel is not None:
            with closing(channel):
                await fetch(trace, Visit(), channel, place, brief=True)

    return await carry(task, network, clock, kind=PROBE.name, version=PROBE.version, walk=walk)


@lru_cache(maxsize=64)
def _hasty(limits: Limits) -> Limits:
    """The same limits, without listening on for late answers, which nobody compares here."""
    return replace(limits, dns_linger=0.0)


PROBE = Probe(name="availability", version="0.1.0", measure=measure)

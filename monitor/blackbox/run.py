"""One probe from its request to its result, within its time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from monitor.blackbox import dns, http, tcp
from monitor.blackbox.modules import Module
from monitor.blackbox.probing import Key, ProbeFailedError, Probing
from probes.failure import failure_of
from probes.network import Network
from probes.steps.http import FAULTS

OFFSET = 0.5
"""Seconds before the scrape's own time limit at which a probe ends (blackbox_exporter's --timeout-offset)."""
LONGEST = 120.0
"""Seconds where neither the scrape nor the module says how long (blackbox_exporter)."""

_PROBERS: Mapping[str, Callable[[Module, str, Probing], Awaitable[None]]] = {
    "http": http.probe,
    "tcp": tcp.probe,
    "dns": dns.probe,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for."""

    target: str
    name: str
    """Of the module."""
    module: Module
    hostname: str = ""
    limit: float = LONGEST
    """Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one probe measured, and what it said on the way."""

    request: Request
    success: bool
    began: float
    """Unix time."""
    samples: Mapping[Key, float]
    log: tuple[tuple[float, str, str], ...]


async def run(request: Request, network: Network) -> Result:
    """Probe once; whatever the network does is in the result."""
    now, began = time.time(), time.monotonic()
    probing = Probing(network=network, clock=time.monotonic, now=now, hostname=request.hostname, began=began)
    prober = request.module.prober
    probing.say(f"Beginning probe probe={prober} timeout_seconds={request.limit:g}")
    success = False
    try:
        async with asyncio.timeout(request.limit):
            await _PROBERS[prober](request.module, request.target, probing)
        success = True
    except ProbeFailedError as why:
        probing.say(str(why), "error")
    except FAULTS as error:
        probing.say(f"the network failed: {failure_of(error)}", "error")
    took = time.monotonic() - began
    probing.set("probe_success", success)
    probing.set("probe_duration_seconds", took)
    text = f"Probe {'succeeded' if success else 'failed'} duration_seconds={took:.6f}"
    probing.say(text, "info" if success else "error")
    return Result(request=request, success=success, began=now, samples=probing.samples, log=tuple(probing.log))


def limit_of(module: Module, header: str | None) -> float:
    """Seconds that a probe may take; ValueError where the scrape's header is no number.

    >>> limit_of(Module(prober="http", timeout="5s"), "10"), limit_of(Module(prober="http"), "10")
    (5.0, 9.5)
    >>> limit_of(Module(prober="http"), None)
    120.0
    """
    scrape = float(header) if header else 0.0
    if not 0 <= scrape < 86400:
        raise ValueError("no such time-out")
    allowed = scrape - OFFSET if scrape > OFFSET else scrape
    limits = [limit for limit in (allowed, module.timeout) if limit > 0]
    return min(limits, default=LONGEST)

"""Finds the kinds of probe: every module in `probes.kinds` that exposes a `PROBE`."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType

import probes.kinds
from probes.kinds import Probe


@lru_cache(maxsize=1)
def all_probes() -> Mapping[str, Probe]:
    """The kinds of probe by name; TypeError where a module in `probes.kinds` exposes none, or two share a name.

    >>> all_probes()["website"].name
    'website'
    """
    found: dict[str, Probe] = {}
    for module in pkgutil.iter_modules(probes.kinds.__path__, f"{probes.kinds.__name__}."):
        probe = getattr(import_module(module.name), "PROBE", None)
        if not isinstance(probe, Probe):
            raise TypeError(f"{module.name} exposes no PROBE")
        if probe.name in found:
            raise TypeError(f"{module.name}: there is another probe called {probe.name!r}")
        found[probe.name] = probe
    return MappingProxyType(found)

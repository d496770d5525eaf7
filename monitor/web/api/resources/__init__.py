"""One file per resource of the API, found without registration: each exposes RESOURCE."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from monitor.web.api.resource import Resource


@cache
def all_resources() -> tuple[Resource, ...]:
    """Every resource, by name."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return tuple(import_module(f"{__name__}.{name}").RESOURCE for name in sorted(names))

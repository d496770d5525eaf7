"""The tables that can be exported: one file each, found in this folder without registration."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from monitor.export.dataset import Dataset


@cache
def datasets() -> dict[str, Dataset]:
    """Every table by its name.

    >>> sorted(datasets())
    ['cells', 'claims', 'coverage', 'events', 'measurements', 'observations', 'verdicts']
    """
    found = (import_module(f"{__name__}.{module.name}").DATASET for module in pkgutil.iter_modules(__path__))
    return {dataset.name: dataset for dataset in found}

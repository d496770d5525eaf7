"""What every export format is: a file of its own in `formats`, found without registration.

A format's module has `FORMAT`. Its writer takes rows as they come and keeps none of them.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import BinaryIO, Protocol

from monitor.export.dataset import Dataset, Row


class Writer(Protocol):
    """Writes one table into one file."""

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows, in this order."""
        ...

    def close(self) -> None:
        """Write what has to come at the end; the file itself stays open."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format: its name, the end of its files' names, what it needs, and how a file is begun."""

    name: str
    suffix: str
    begin: Callable[[BinaryIO, Dataset], Writer]
    needs: str = ""
    """The module that it is written with, where that is in the extra `export`."""
    most: int | None = None
    """Rows that a file can hold; None where there is no limit."""
    seeks: bool = False
    """Whether it has to go back in its file, so that it cannot be written to a pipe."""

    @property
    def available(self) -> bool:
        """Whether it can be written here."""
        return not self.needs or find_spec(self.needs) is not None


@cache
def formats() -> dict[str, Format]:
    """Every format by its name.

    >>> sorted(formats())
    ['arrow', 'csv', 'jsonl', 'parquet', 'xlsx']
    """
    package = import_module("monitor.export.formats")
    modules = (import_module(f"{package.__name__}.{each.name}") for each in pkgutil.iter_modules(package.__path__))
    return {module.FORMAT.name: module.FORMAT for module in modules if hasattr(module, "FORMAT")}

"""Reading a table's file: the form is known by its first line, and a line that is none ends it."""

from __future__ import annotations

import gzip
import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Protocol

from monitor.prefixes import formats
from monitor.prefixes.table import Range, Table


class PrefixError(Exception):
    """A table that cannot be read; the message names file and line."""


class Form(Protocol):
    """One form of such a file."""

    def fits(self, line: str, /) -> bool:
        """Whether a file whose first line that is no comment is this one has this form."""
        ...

    def ranges(self, line: str, /) -> Iterable[Range]:
        """The ranges in a line (a heading has none); ValueError for one that is none."""
        ...


def read_table(path: Path) -> Table:
    """The table in a file, plain or with gzip (`.gz`); PrefixError where it is none, or a line of it is none."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            return Table(_ranges(path, lines))
    except (OSError, EOFError) as fault:
        raise PrefixError(f"{path} cannot be read: {getattr(fault, 'strerror', None) or fault}") from fault
    except UnicodeDecodeError as fault:
        raise PrefixError(f"{path} is no text; expected a table of prefixes") from fault


def _ranges(path: Path, lines: Iterable[str]) -> Iterator[Range]:
    form: Form | None = None
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip("\r\n")
        if not line.strip() or line.startswith(("#", ";")):
            continue
        if form is None:
            form = _form(path, line)
        try:
            yield from form.ranges(line)
        except ValueError as fault:
            raise PrefixError(f"{path}, line {number}: {fault}") from fault
    if form is None:
        raise PrefixError(f"{path} is empty; expected a table of prefixes")


def _form(path: Path, line: str) -> Form:
    for module in pkgutil.iter_modules(formats.__path__):
        form: Form = import_module(f"{formats.__name__}.{module.name}")
        if form.fits(line):
            return form
    raise PrefixError(
        f"{path} is no table of prefixes that is known: expected pyasn's, MaxMind's ASN CSV, ranges as CSV, or lines "
        "of AS, …, prefixes with tabs"
    )

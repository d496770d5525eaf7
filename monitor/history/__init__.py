"""Where measurements come from that others made: one file per source, and the words that all sources share.

A source is a module with a `read` function: it takes a path and the known targets, and yields what it finds in the
order of the file. Nothing in a stranger's file stops it; what cannot be read is an `Unreadable` among the rest.
"""

from __future__ import annotations

import csv
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from monitor.model import Cell
from probes.model import Measurement

CROWD = "ooni"
"""Kind of the vantage points in crowd-sourced history: many strangers under one name."""
LICENCE = "CC BY-NC-SA 4.0"
"""Under which OONI publishes its data (ooni.org, data policy); exports must carry it along."""
_LONGEST_LINE = 64 * 1024
_YEARS = (2000, 2099)
"""Nobody measured before, and a date outside would be a broken clock's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One measurement of the source in our words, with what its controls saw and the document that it was made from."""

    measurement: Measurement
    controls: tuple[Measurement, ...]
    original: bytes
    """As found, but for addresses of the person who measured: those are replaced before anything else happens."""
    uid: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A document that is whole and is not ours to read: another kind of test."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A place, as file or file:line, and in a few words what is wrong there."""

    where: str
    why: str


def target_for(url: str, targets: Mapping[str, str]) -> str:
    """The id of the target that the URL's host belongs to (`targets`: host to id), else the host; "" where there is
    none.

    >>> target_for("https://Kloop.KG/blog/", {"kloop.kg": "kloop"})
    'kloop'
    >>> target_for("http://rus.azattyk.org:8080/", {"kloop.kg": "kloop"})
    'rus.azattyk.org'
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return targets.get(host, host)


def network(value: object) -> str:
    """An autonomous system as `AS` and its number, from a number or any common spelling; AS0 where it is neither.

    >>> network(20294), network("AS15802"), network("8075"), network(None), network("unknown"), network(-5)
    ('AS20294', 'AS15802', 'AS8075', 'AS0', 'AS0', 'AS0')
    """
    digits = re.fullmatch(r"(?:AS)?0*([0-9]{1,10})", str(value).strip(), re.IGNORECASE)
    return f"AS{digits[1]}" if digits else "AS0"


def country(value: object) -> str:
    """An ISO 3166-1 alpha-2 code, or ZZ where the value is none.

    >>> country("kg"), country("Kyrgyzstan"), country(None)
    ('KG', 'ZZ', 'ZZ')
    """
    text = str(value).strip().upper()
    return text if re.fullmatch(r"[A-Z]{2}", text) else "ZZ"


def moment(text: object) -> datetime:
    """The time of a row or document, which is UTC where it names no zone; ValueError where it is no time.

    >>> moment("2026-01-17 22:10:34.000").isoformat()
    '2026-01-17T22:10:34+00:00'
    """
    try:
        parsed = datetime.fromisoformat(str(text).strip())
    except ValueError:
        raise ValueError(f"expected a time, found {text!r:.40}") from None
    if not _YEARS[0] <= parsed.year <= _YEARS[1]:
        raise ValueError(f"expected a time between {_YEARS[0]} and {_YEARS[1]}, found {text!r:.40}")
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A format of scored rows: its name on the command line, a sentence about it, and the function that reads a
    file."""

    name: str
    about: str
    read: Callable[[Path, Mapping[str, str]], Iterator[Cell | Unreadable]]
    columns: tuple[str, ...]
    """Without these in its header a file is not of this format."""


def series() -> Mapping[str, Series]:
    """Every format of series, by name: each module of this folder that exposes `SERIES`.

    >>> list(series())
    ['ooni-analysis', 'ooni-blocking', 'ooni-telegram', 'ooni-whatsapp']
    """
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    found = [module.SERIES for module in modules if hasattr(module, "SERIES")]
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


def recognised(header: Sequence[str]) -> Series | None:
    """The format that a header belongs to: the one of whose columns none is missing, the most demanding one first.

    >>> recognised(["probe_cc", "weather"]) is None
    True
    """
    fitting = [each for each in series().values() if set(each.columns) <= set(header)]
    return max(fitting, key=lambda each: len(each.columns), default=None)


def read_rows(
    path: Path, what: str, needed: Sequence[str], cell: Callable[[Mapping[str, str]], Cell]
) -> Iterator[Cell | Unreadable]:
    """One cell per row of a CSV file, and an Unreadable with the line number for each row of which `cell` says
    ValueError.

    A file that is not there, is no text, or lacks one of the `needed` columns of `what` gives one Unreadable.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from _rows(file, path, what, needed, cell)
    except OSError as fault:
        yield Unreadable(where=str(path), why=fault.strerror or "cannot be opened")
    except UnicodeDecodeError:
        yield Unreadable(where=str(path), why="expected text in UTF-8")


def _rows(
    file: TextIO, path: Path, what: str, needed: Sequence[str], cell: Callable[[Mapping[str, str]], Cell]
) -> Iterator[Cell | Unreadable]:
    reader = csv.reader(_lines(file))
    try:
        header = next(reader, [])
        if why := _unusable(header, what, needed):
            yield Unreadable(where=f"{path}:1", why=why)
            return
        for values in reader:
            try:
                yield cell(_row(header, values))
            except ValueError as fault:
                yield Unreadable(where=f"{path}:{reader.line_num}", why=str(fault))
    except csv.Error as fault:
        yield Unreadable(where=f"{path}:{reader.line_num}", why=f"not CSV: {fault}")


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise csv.Error(f"a line is longer than {_LONGEST_LINE} characters")
        yield line


def _unusable(header: Sequence[str], what: str, needed: Sequence[str]) -> str | None:
    if not header:
        return "the file is empty; expected a header line"
    missing = [name for name in needed if name not in header]
    return f"expected the columns of {what}; missing: {', '.join(missing)}" if missing else None


def _row(header: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    if len(values) != len(header):
        raise ValueError(f"expected {len(header)} fields, found {len(values)}")
    return dict(zip(header, values, strict=True))

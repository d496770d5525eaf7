"""Where measurements come from that others made: one file per source, and the words that all sources share.

A source is a module with a `read` function: it takes a path and the known targets, and yields what it finds in the
order of the file. Nothing in a stranger's file stops it; what cannot be read is an `Unreadable` among the rest.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from monitor.model import Cell
from probes.model import Measurement

CROWD = "ooni"
"""Kind of the vantage points in crowd-sourced history: many strangers under one name."""
LICENCE = "CC BY-NC-SA 4.0"
"""Under which OONI publishes its data (ooni.org, data policy); exports must carry it along."""
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


def series() -> Mapping[str, Series]:
    """Every format of series, by name: each module of this folder that exposes `SERIES`.

    >>> list(series())
    ['ooni-analysis']
    """
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    found = [module.SERIES for module in modules if hasattr(module, "SERIES")]
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}

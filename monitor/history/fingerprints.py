"""Lists of known block pages that others keep: OONI's CSV and Censored Planet's JSON lines.

Neither comes with this project: OONI's has no licence, and lists age. Whoever has a copy reads it in.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

from monitor.history import Skipped, Unreadable
from monitor.model import Fingerprint, Manner, Place, Scope

OONI_COLUMNS = ("name", "scope", "location_found", "pattern_type", "pattern", "expected_countries")
_OONI_SCOPES = {
    "nat": Scope.NATIONAL,
    "isp": Scope.ISP,
    "prod": Scope.PRODUCT,
    "inst": Scope.INSTITUTION,
    "vbw": Scope.VAGUE,
    "fp": Scope.FALSE_POSITIVE,
}
_OONI_PLACES = {"body": Place.BODY, "header.location": Place.LOCATION, "dns": Place.ADDRESS}
_PLANET_SCOPES = {
    "a": Scope.PRODUCT,
    "b": Scope.NATIONAL,
    "c": Scope.ISP,
    "d": Scope.INSTITUTION,
    "e": Scope.VAGUE,
    "f": Scope.VAGUE,
}
"""By the first letter of an id; every other id is one of its false positives."""
_LONGEST = 128 * 1024
"""Characters of a line or field; the longest pattern of a public list has about 1,500."""


class _OneByOne:
    """The lines of a file, none of them too long, and how many there were."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(_LONGEST):
            self.number += 1
            if len(line) == _LONGEST:
                raise ValueError(f"a line is longer than {_LONGEST} characters")
            yield line


def read(path: Path) -> Iterator[Fingerprint | Skipped | Unreadable]:
    """The fingerprints of a list, in its order; its form is told by its first character.

    A row that is whole and speaks of something that no verdict looks at is Skipped with the reason. The first line that
    is not what the form demands ends the reading with an Unreadable that names it.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = _OneByOne(file)
            try:
                yield from _read(file, lines, path)
            except (ValueError, csv.Error) as fault:
                said = "expected text in UTF-8" if isinstance(fault, UnicodeDecodeError) else str(fault)
                yield Unreadable(where=f"{path}:{max(lines.number, 1)}", why=said)
    except OSError as fault:
        yield Unreadable(where=str(path), why=fault.strerror or "cannot be opened")


def _read(file: TextIO, lines: _OneByOne, path: Path) -> Iterator[Fingerprint | Skipped]:
    first = file.read(1)
    file.seek(0)
    if not first:
        raise ValueError("the file is empty; expected OONI's CSV or Censored Planet's JSON lines")
    if first == "{":
        yield from (_planet(line, f"{path}:{lines.number}") for line in lines if line.strip())
        return
    rows = csv.DictReader(lines, strict=True)
    missing = [name for name in OONI_COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise ValueError(f"expected OONI's columns or one JSON object a line; missing: {', '.join(missing)}")
    for row in rows:
        if None in row or None in row.values():
            raise ValueError(f"expected {len(rows.fieldnames or ())} fields")
        yield _ooni(row, f"{path}:{lines.number}")


def _ooni(row: Mapping[str, str], where: str) -> Fingerprint | Skipped:
    scope, place = _OONI_SCOPES.get(row["scope"]), _OONI_PLACES.get(row["location_found"])
    if scope is None:
        return Skipped(where=where, reason=f"scope {row['scope']!r} is not explained by its makers")
    if place is None:
        return Skipped(where=where, reason=f"the value of {row['location_found']} is not kept")
    return Fingerprint(
        id=_id(row["name"]),
        scope=scope,
        place=place,
        manner=_one_of(Manner, row["pattern_type"], "pattern_type"),
        pattern=_pattern(row["pattern"]),
        countries=_countries(row["expected_countries"]),
        source="ooni/blocking-fingerprints",
    )


def _planet(line: str, where: str) -> Fingerprint | Skipped:
    try:
        entry = json.loads(line)
        name, pattern = entry["fingerprint"], entry["pattern"]
    except (json.JSONDecodeError, RecursionError) as fault:
        raise ValueError(f"not JSON: {fault}") from None
    except (KeyError, TypeError):
        raise ValueError("expected an object with the keys 'fingerprint' and 'pattern'") from None
    told = re.match(r"[bcd]_[a-z]+_([a-z]{2})(?:_|$)", _id(name))
    scope = _PLANET_SCOPES.get(name[0]) if re.match(r"[a-f]_", name) else Scope.FALSE_POSITIVE
    return Fingerprint(
        id=name,
        scope=scope or Scope.FALSE_POSITIVE,
        place=Place.BODY,
        manner=Manner.REGEXP,
        pattern=_pattern(pattern),
        countries=(told[1].upper(),) if told else (),
        source="Censored Planet",
    )


def _id(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\w.:-]{1,120}", value):
        raise ValueError(f"expected a name of letters, digits and . _ : -, found {value!r:.60}")
    return value


def _pattern(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("the pattern is empty, so that it would match everything")
    return value


def _countries(value: str) -> tuple[str, ...]:
    """Two-letter codes, separated by commas; ZZ is nowhere."""
    codes = [code.strip().upper() for code in value.split(",") if code.strip()]
    wrong = next((code for code in codes if not re.fullmatch(r"[A-Z]{2}", code)), None)
    if wrong is not None:
        raise ValueError(f"expected two-letter country codes, found {wrong!r:.40}")
    return tuple(code for code in dict.fromkeys(codes) if code != "ZZ")


def _one_of(kind: Callable[[str], Manner], value: str, name: str) -> Manner:
    try:
        return kind(value)
    except ValueError:
        raise ValueError(f"{name}: expected one of {', '.join(Manner)}, found {value!r:.40}") from None

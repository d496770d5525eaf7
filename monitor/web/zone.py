"""A country's own time, beside UTC: for countries that have one time only."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@cache
def zone_of(country: str) -> ZoneInfo | None:
    """The time zone of a country (ISO 3166-1 alpha-2); None where it has several, or is not known.

    >>> str(zone_of("KG")), zone_of("RU"), zone_of("ZZ")
    ('Asia/Bishkek', None, None)
    """
    names = _zones().get(country, ())
    if len(names) != 1:
        return None
    try:
        return ZoneInfo(names[0])
    except (ZoneInfoNotFoundError, ValueError):  # the table and the system's own zones may be of different years
        return None


@cache
def _zones() -> dict[str, tuple[str, ...]]:
    """Country -> its zones, by the table of the time zone database (zone.tab: code, place, name, comment)."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        code, *rest = line.split("\t")
        if len(rest) > 1 and not line.startswith("#"):
            found[code].append(rest[1])
    return {code: tuple(names) for code, names in found.items()}

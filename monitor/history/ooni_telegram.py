"""Rows of OONI's telegram test, as they stand in tables beside posts on ooni.org (ts-020)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.history import CROWD, Series, Unreadable, country, moment, network, read_rows
from monitor.model import Cell, Evidence

SOURCE = "ooni-telegram"
"""What `presscanary import series --format` calls this source, and what stands in the cells."""
TARGET = "telegram"
_NEEDED = (
    "test_start_time", "probe_cc", "probe_asn", "telegram_web_status", "blocked_endpoints", "accessible_endpoints",
)  # fmt: skip


def read(path: Path, _: Mapping[str, str]) -> Iterator[Cell | Unreadable]:
    """One cell per row, and an Unreadable with the line number for each row that cannot be used.

    Blocked where most endpoints of the app are, or the web page and any endpoint; ok where all of them work; else
    insufficient.
    """
    yield from read_rows(path, "OONI's telegram test", _NEEDED, _cell)


def _cell(row: Mapping[str, str]) -> Cell:
    time, place = moment(row["test_start_time"]), network(row["probe_asn"])
    failed, worked = _count(row, "blocked_endpoints"), _count(row, "accessible_endpoints")
    web = row["telegram_web_status"]
    blocked = failed > worked or (web == "blocked" and failed > 0)
    ok = web == "ok" and worked > 0 and failed == 0
    return Cell(
        target=TARGET,
        country=country(row["probe_cc"]),
        network=place,
        vantage=f"{CROWD}:{place}",
        start=time,
        end=time,
        ok=int(ok),
        blocked=int(blocked),
        insufficient=int(not ok and not blocked),
        pooled=True,
        evidence=Evidence.AMBIGUOUS if blocked else Evidence.NONE,
        source=SOURCE,
    )


def _count(row: Mapping[str, str], name: str) -> int:
    text = row[name].strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError(f"expected a count in `{name}`, found {row[name]!r:.40}")
    return int(text)


SERIES = Series(name=SOURCE, about="rows of OONI's telegram test, CSV", read=read, columns=_NEEDED)

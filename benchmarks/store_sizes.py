"""What fleets put into each engine: rows, bytes and servers, by calculation from measured bytes a row.

    python -m benchmarks.store_sizes [--targets N --vantage-points N --minutes N] [--document BYTES --kept SHARE]

docs/how-to/scale.md says how the bytes were measured and what the table means.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

YEAR = 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Who measures what, how often (minutes)."""

    targets: int
    vantage_points: int
    minutes: int = 10

    @property
    def rows_a_day(self) -> int:
        """Measurements a day, one for each pair and interval.

        >>> Fleet(targets=200, vantage_points=50).rows_a_day
        1440000
        """
        return self.targets * self.vantage_points * 24 * 60 // self.minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What one engine takes: bytes a row, with indexes, counts and newest states, without raw documents; rows a second
    that one writer appended durably in batches of 500, rules and checks of the store included."""

    name: str
    row: float
    rows_a_second: int


ENGINES = (
    Engine(name="SQLite tail (hot)", row=396, rows_a_second=1_920),
    Engine(name="Parquet segments (sealed)", row=55, rows_a_second=1_920),
    Engine(name="PostgreSQL 18", row=1_104, rows_a_second=1_867),
    Engine(name="ClickHouse 18.16", row=121, rows_a_second=944),
    Engine(name="ClickHouse 26", row=60, rows_a_second=1_601),
)
"""Measured on 2026-11-24, two shared cores, 20,000 made-up rows of 1,000 pages; Parquet: 10 million rows."""

FLEETS = (Fleet(targets=200, vantage_points=50), Fleet(targets=10_000, vantage_points=2_000))


def table(fleet: Fleet, document: float, kept: float) -> str:
    """The lines of one fleet: bytes a day and a year in each engine, and how many writers keep up."""
    rows = fleet.rows_a_day
    raw = rows * document * kept
    what = f"{fleet.targets:,} targets x {fleet.vantage_points:,} vantage points every {fleet.minutes} minutes"
    documents = f"raw documents {size(raw)} a day, {size(raw * YEAR)} a year"
    lines = [
        f"{what}: {rows:,} rows a day, {rows / 86_400:,.1f} a second; {documents}",
        f"  {'':26} {'a day':>10} {'a year':>10} {'writers':>8}",
    ]
    for engine in ENGINES:
        a_day = rows * engine.row
        writers = math.ceil(
            rows / 86_400 / engine.rows_a_second * 2
        )  # half busy at most, so that a backlog is caught up
        lines.append(f"  {engine.name:26} {size(a_day):>10} {size(a_day * YEAR):>10} {writers:>8}")
    return "\n".join(lines)


def size(count: float) -> str:
    """Bytes for people.

    >>> size(1_440_000 * 55)
    '79.2 MB'
    """
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000:
            return f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} PB"


def main() -> None:
    """Print the table of the fleet that is asked for, or of the two of the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--targets", type=int)
    parser.add_argument("--vantage-points", type=int)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--document", type=float, default=2_000, help="bytes of a compressed raw document")
    parser.add_argument("--kept", type=float, default=0.12, help="share of the results whose document is kept")
    given = parser.parse_args()
    if given.minutes < 1 or bool(given.targets) != bool(given.vantage_points):
        parser.error("expected --targets and --vantage-points together, and at least one minute")
    asked = given.targets and [Fleet(targets=given.targets, vantage_points=given.vantage_points, minutes=given.minutes)]
    print("\n\n".join(table(fleet, given.document, given.kept) for fleet in asked or FLEETS))


if __name__ == "__main__":
    main()

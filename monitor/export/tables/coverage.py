"""What was measured at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.export.dataset import Dataset, Value, column
from monitor.export.words import DAY, INTEGER, STRING
from monitor.model import Day


def _rows(day: Day) -> Iterator[Mapping[str, Value]]:
    yield {
        "day": day.day,
        "target": day.target,
        "country": day.country,
        "network": day.network,
        "results": day.ok + day.blocked + day.down + day.insufficient,
        "usable": day.ok + day.blocked + day.down,
        "ok": day.ok,
        "blocked": day.blocked,
        "down": day.down,
        "insufficient": day.insufficient,
    }


DATASET = Dataset(
    name="coverage",
    title="Coverage: what was measured at all, per target, network and UTC day",
    rows=_rows,
    columns=(
        column("day", DAY, "UTC day; a day that is not here was not measured"),
        column("target", STRING, "what is watched"),
        column("country", STRING, "where"),
        column("network", STRING, "network"),
        column("results", INTEGER, "results of vantage points, without controls and innocuous targets"),
        column("usable", INTEGER, "of which something can be said"),
        column("ok", INTEGER, "ok"),
        column("blocked", INTEGER, "blocked"),
        column("down", INTEGER, "down for the controls as well"),
        column("insufficient", INTEGER, "of which nothing can be said"),
    ),
)

"""Cells: what the detector reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.export.dataset import Dataset, Value, column
from monitor.export.words import BOOLEAN, INTEGER, PLACE, SIMULATED, STRING, TIME
from monitor.model import Cell


def _rows(cell: Cell) -> Iterator[Mapping[str, Value]]:
    yield {
        "start": cell.start,
        "end": cell.end,
        "target": cell.target,
        "vantage": cell.vantage,
        "country": cell.country,
        "network": cell.network,
        "role": cell.role.value,
        "innocuous": cell.innocuous,
        "ok": cell.ok,
        "blocked": cell.blocked,
        "down": cell.down,
        "insufficient": cell.insufficient,
        "technique": cell.technique,
        "evidence": cell.evidence.value,
        "controls_agree": cell.controls_agree,
        "controls_total": cell.controls_total,
        "decisive": cell.decisive,
        "exonerating": cell.exonerating,
        "pooled": cell.pooled,
        "source": cell.source,
        "simulated": cell.simulated,
    }


DATASET = Dataset(
    name="cells",
    title="Cells: counts per target, vantage point and hour, and imported series as they came",
    rows=_rows,
    columns=(
        column("start", TIME, "the first measurement in it, UTC"),
        column("end", TIME, "the last one"),
        *PLACE,
        column("role", STRING, "vantage or control"),
        column("innocuous", BOOLEAN, "whether nobody blocks this site"),
        column("ok", INTEGER, "results that were ok"),
        column("blocked", INTEGER, "blocked"),
        column("down", INTEGER, "down for the controls as well"),
        column("insufficient", INTEGER, "of which nothing can be said"),
        column("technique", STRING, "of the strongest evidence"),
        column("evidence", STRING, "how much the failures prove"),
        column("controls_agree", INTEGER, "controls that agree"),
        column("controls_total", INTEGER, "controls that were asked"),
        column("decisive", INTEGER, "experiments that showed the network to make the difference"),
        column("exonerating", INTEGER, "experiments that showed harmless things to fail as well"),
        column("pooled", BOOLEAN, "many strangers under one name"),
        column("source", STRING, "where an imported series came from; empty for our own"),
        SIMULATED,
    ),
)

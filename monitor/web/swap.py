"""Name swaps as small tables: which name failed at which place, by the same reading as the rules'. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.model import Bearing, Finding
from monitor.verdict.experiments.cells import Cell, Grid, host_grid, sni_grid
from probes.model import Measurement, Purpose

READ = {"sni_swap": sni_grid, "host_swap": host_grid}
"""The kinds whose four corners can be drawn."""
_ROWS = (
    (Purpose.TRIGGER_AT_TARGET, Purpose.TRIGGER_AT_ECHO),
    (Purpose.INNOCUOUS_AT_TARGET, Purpose.INNOCUOUS_AT_ECHO),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    """How connections under one name to one place ended."""

    ended: Cell
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """One name swap: rows are the target's own name and another one, columns its server and our control server."""

    finding: Finding
    rows: tuple[tuple[Corner, ...], ...]


def chosen(findings: Iterable[Finding], most: int) -> tuple[Finding, ...]:
    """The newest swap of each kind at each vantage point, those that decide something first; `most` at most."""
    newest = {(one.kind, one.vantage): one for one in findings if one.kind in READ}
    ranked = sorted(newest.values(), key=lambda one: (one.bearing is not Bearing.DECISIVE, one.kind, one.vantage))
    return tuple(ranked[:most])


def swap(finding: Finding, measurement: Measurement) -> Swap:
    """The table of one experiment; KeyError for a kind that is no swap."""
    grid: Grid = READ[finding.kind](measurement)
    rows = tuple(tuple(_corner(grid.cells, grid.failures, purpose) for purpose in row) for row in _ROWS)
    return Swap(finding=finding, rows=rows)


def _corner(cells: Mapping[Purpose, Cell], failures: Mapping[Purpose, str], purpose: Purpose) -> Corner:
    return Corner(ended=cells.get(purpose, Cell.UNKNOWN), failure=failures.get(purpose, ""))

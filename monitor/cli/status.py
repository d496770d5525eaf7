"""`presscanary status`: every target at every vantage point as last seen, and whether those can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.cli.frame import out, place, print_json
from monitor.cli.reading import reading
from monitor.cli.tell import event_line, health_line
from monitor.model import BlockingEvent, Health, Latest, State, VantageStatus
from monitor.store import Store
from probes.document import rfc3339

MARKS: Mapping[State, tuple[str, str]] = {
    State.OK: ("● ok", "green"),
    State.DOWN: ("▼ down", "yellow"),
    State.BLOCKED: ("■ blocked", "bold red"),
    State.INSUFFICIENT: ("? insufficient", "dim"),
}
"""Shape and colour of a state; the word is always there, for those who see neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the store knows now."""

    data_dir: str
    simulated: bool
    counts: Mapping[str, int]
    vantage_points: tuple[VantageStatus, ...] = ()
    targets: tuple[Latest, ...] = ()
    open_events: tuple[BlockingEvent, ...] = ()


def command(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON instead of tables.")
) -> None:
    """Show every target at every vantage point as it was last seen."""
    data_dir = place(context).data_dir
    with reading(data_dir) as store:
        status = (
            Status(data_dir=str(data_dir), simulated=False, counts={}) if store is None else gather(store, data_dir)
        )
    if as_json:
        print_json(status)
    else:
        render(status, out)


def gather(store: Store, data_dir: Path) -> Status:
    """The status that an open store holds."""
    return Status(
        data_dir=str(data_dir),
        simulated=store.simulated,
        counts=store.counts(),
        vantage_points=store.health(),
        targets=store.latest(),
        open_events=tuple(event for event in store.events() if event.end is None),
    )


def render(status: Status, console: Console) -> None:
    """Print a status for people."""
    if status.simulated:
        console.print("SIMULATED: none of this was measured on a real network.", style="reverse")
    if not status.targets:
        console.print(f"Nothing was measured yet in {status.data_dir}. Start with `presscanary run`.", markup=False)
    else:
        console.print(_table(status.targets))
    for point in status.vantage_points:
        style = "yellow" if point.health in (Health.SICK, Health.OFFLINE) else ""
        console.print(health_line(point), style=style, markup=False)
    for event in status.open_events:
        console.print(event_line(event), style="bold", markup=False)


def _table(rows: tuple[Latest, ...]) -> Table:
    table = Table("target", "vantage point", "now", "technique", "rule", "since (UTC)", "last measured (UTC)", box=None)
    for row in sorted(rows, key=lambda row: (row.outcome.innocuous, row.outcome.target, row.outcome.vantage)):
        verdict = row.outcome.verdict
        word, style = MARKS[verdict.state]
        table.add_row(
            row.outcome.target,
            row.outcome.vantage,
            Text(word, style=style),
            verdict.technique or "",
            verdict.rule_id,
            _minute(rfc3339(row.since)),
            _minute(rfc3339(row.outcome.time)),
        )
    return table


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")

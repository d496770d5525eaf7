"""`presscanary status`: every target at every vantage point as last seen, and whether those can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.cli.frame import out, place, print_json
from monitor.cli.reading import reading
from monitor.cli.tell import event_line, health_line
from monitor.config import ConfigError, load
from monitor.model import BlockingEvent, Health, Latest, State, VantageStatus
from monitor.store import Location, Store
from probes.document import document

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
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Kinds of probe that this configuration has not what it takes for, and what that is."""


def command(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON instead of tables.")
) -> None:
    """Show every target at every vantage point as it was last seen."""
    data_dir = place(context).where
    with reading(data_dir) as store:
        status = (
            Status(data_dir=str(data_dir), simulated=False, counts={}) if store is None else gather(store, data_dir)
        )
    status = replace(status, left_out=_left_out(place(context).config))
    if as_json:
        print_json(flat(status))
    else:
        render(status, out)


def _left_out(config: Path) -> Mapping[str, tuple[str, ...]]:
    """Nothing where the configuration cannot be read: `check-config` tells of that, and the store is there all the
    same."""
    try:
        lacking = load(config).left_out()
    except ConfigError:
        return {}
    return {kind: tuple(need.value for need in needs) for kind, needs in sorted(lacking.items())}


def gather(store: Store, data_dir: Location) -> Status:
    """The status that an open store holds."""
    return Status(
        data_dir=str(data_dir),
        simulated=store.simulated,
        counts=store.counts(),
        vantage_points=store.health(),
        targets=store.latest(),
        open_events=tuple(event for event in store.events() if event.end is None),
    )


def flat(status: Status) -> Mapping[str, Any]:
    """A status as one JSON object; each target's newest result is one flat object in `targets`."""
    return {
        "data_dir": status.data_dir,
        "simulated": status.simulated,
        "counts": status.counts,
        "vantage_points": status.vantage_points,
        "targets": [_flat_row(row) for row in status.targets],
        "open_events": status.open_events,
        "left_out": status.left_out,
    }


def _flat_row(row: Latest) -> Mapping[str, Any]:
    outcome: dict[str, Any] = document(row.outcome)
    verdict = outcome.pop("verdict")
    timings = outcome.pop("timings")
    flat_row: dict[str, Any] = outcome | verdict | {"since": row.since, "timings": timings}
    return flat_row


def render(status: Status, console: Console) -> None:
    """Print a status for people."""
    if status.simulated:
        console.print("SIMULATED: none of this was measured on a real network.", style="reverse")
    if not status.targets:
        more = "only imported series are there" if status.counts.get("cells") else "start with `presscanary run`"
        console.print(f"Nothing was measured yet in {status.data_dir}: {more}.", markup=False)
    else:
        console.print(_table(status.targets))
    for point in status.vantage_points:
        style = "yellow" if point.health in (Health.SICK, Health.OFFLINE) else ""
        console.print(health_line(point), style=style, markup=False)
    for kind, needs in status.left_out.items():
        console.print(f"Experiment left out: {kind} needs {' and '.join(needs)}.", style="dim", markup=False)
    for event in status.open_events:
        console.print(event_line(event), style="bold", markup=False)


def _table(rows: tuple[Latest, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("target", "address", "from"):
        table.add_column(heading, overflow="fold")
    table.add_column("now", no_wrap=True, min_width=14)
    table.add_column("because", overflow="fold")
    table.add_column("since (UTC)", overflow="fold")
    for row in sorted(rows, key=_position):
        table.add_row(*_row(row))
    return table


def _position(row: Latest) -> tuple[bool, str, str, str]:
    return row.outcome.innocuous, row.outcome.target, row.outcome.url, row.outcome.vantage


def _row(row: Latest) -> tuple[str | Text, ...]:
    outcome, verdict = row.outcome, row.outcome.verdict
    word, style = MARKS[verdict.state]
    because = verdict.technique or verdict.rule_id
    return outcome.target, bare(outcome.url), outcome.vantage, Text(word, style=style), because, _minute(row.since)


def bare(url: str) -> str:
    """A URL without what is usual, as a name rather than a link.

    >>> bare("https://kloop.kg/"), bare("http://kloop.kg/"), bare("https://kloop.kg/blog")
    ('kloop.kg', 'http kloop.kg', 'kloop.kg/blog')
    """
    scheme, _, rest = url.partition("://")
    name = rest.removesuffix("/")
    return name if scheme == "https" else f"{scheme} {name}"


def _minute(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M")

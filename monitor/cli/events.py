"""`presscanary events`: the blocking events that are known, with their onset and end as intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.cli.frame import USAGE, CommandError, out, place, print_json
from monitor.cli.reading import reading
from monitor.model import BlockingEvent, EventKind, Finding, Interval, Tier
from monitor.pipeline import experiments_of
from probes.document import document

_TIERS = {
    Tier.SUSPECTED: "the alarm was raised; too few controls or vantage points rule out other causes",
    Tier.LIKELY: "controls in other networks reach the target, and the failures are not the server's own",
    Tier.CONFIRMED: "likely, and most failures carry something that only interference leaves behind",
}


def command(
    context: typer.Context,
    *,
    target: Annotated[str | None, typer.Option(help="Only this target.")] = None,
    country: Annotated[str | None, typer.Option(help="Only this country (two letters).")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what went on at or after this date or time (UTC).")
    ] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only events that have not ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Show blocking events, the latest onset first; all times are UTC.

    Onset lies between last seen ok and first seen blocked, end between last seen blocked and first seen ok; a hole in
    the data makes them wider. An event that later data took back stays in the list, marked as retracted.
    """
    moment = None if since is None else _moment(since)
    with reading(place(context).where) as store:
        known = () if store is None else store.events(target=target, country=country and country.upper())
        chosen = [event for event in known if _wanted(event, moment, open_only=open_only)]
        experiments = {event.id: () if store is None else experiments_of(event, store) for event in chosen}
    if as_json:
        print_json([document(event) | {"experiments": _told(experiments[event.id])} for event in chosen])
    else:
        render(chosen, out)


def _told(findings: Iterable[Finding]) -> list[Mapping[str, Any]]:
    """Experiments as far as they concern an event; the measurement has the rest."""
    names = ("measurement", "time", "vantage", "network", "kind", "rule_id", "bearing", "technique", "why")
    return [{name: getattr(one, name) for name in names} for one in findings]


def _moment(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--since: expected a date or time such as 2026-01-18, found {text!r}", USAGE) from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


def _wanted(event: BlockingEvent, since: datetime | None, *, open_only: bool) -> bool:
    if event.end is None:
        return True
    return not open_only and (since is None or event.end[1] >= since)


def render(events: Iterable[BlockingEvent], console: Console) -> None:
    """Print a table for people and what its tiers mean; no event is not to say that all is well, and it says so."""
    shown = list(events)
    if not shown:
        console.print(
            "No blocking event is known here. That says nothing about targets or days that were not measured."
        )
        return
    if any(event.simulated for event in shown):
        console.print("SIMULATED: none of this was measured on a real network.", style="reverse")
    console.print(_table(shown))
    for tier in sorted({event.tier for event in shown}, key=list(Tier).index):
        console.print(f"{tier}: {_TIERS[tier]}.", style="dim", markup=False)


def _table(events: Iterable[BlockingEvent]) -> Table:
    table = Table(box=None, padding=(0, 2, 1, 0), pad_edge=False)
    table.add_column("what, where", overflow="fold")
    for heading in ("began (UTC)", "ended (UTC)"):
        table.add_column(heading, no_wrap=True)
    table.add_column("how sure, what, seen from", overflow="fold")
    for event in events:
        table.add_row(
            Text(f"{event.target}, {event.country}\n{', '.join(event.networks)}\n{event.id}"),
            Text(_interval(event.onset)),
            Text("goes on" if event.end is None else _interval(event.end)),
            Text(_evidence(event)),
        )
    return table


def _interval(interval: Interval) -> str:
    earliest, latest = interval
    return f"before\n{_minute(latest)}" if earliest is None else f"{_minute(earliest)} –\n{_minute(latest)}"


def _minute(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _evidence(event: BlockingEvent) -> str:
    marks = [word for word, holds in (("retracted", event.retracted), ("disputed", event.disputed)) if holds]
    names = "vantage_points", "networks", "controls_agree", "controls_total"
    points, networks, agree, controls = (event.counts.get(name, 0) for name in names)
    return "\n".join(
        (
            ", ".join([event.tier, *marks]),
            _what(event),
            f"{_many(points, 'vantage point')} in {_many(networks, 'network')}",
            f"{agree} of {_many(controls, 'control')} agree",
        )
    )


def _what(event: BlockingEvent) -> str:
    if event.kind is EventKind.OFFLINE:
        missing, due = (event.counts.get(name, 0) for name in ("missing", "due"))
        return f"network offline: {missing} of {_many(due, 'report')} missing"
    return f"consistent with {event.technique or 'blocking'}, locus {event.locus}"


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"

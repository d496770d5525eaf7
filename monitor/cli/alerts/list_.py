"""`presscanary alerts list`: every message, to whom, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from monitor.cli.frame import USAGE, CommandError, out, place, print_json
from monitor.cli.reading import reading
from monitor.model import Delivery, Fate
from probes.document import rfc3339


def command(
    context: typer.Context,
    *,
    recipient: Annotated[str | None, typer.Option(help="Only to this recipient.")] = None,
    fate: Annotated[
        str | None, typer.Option(help="Only waiting, proposed, sent, dead, withheld or superseded ones.")
    ] = None,
    event: Annotated[str | None, typer.Option(help="Only about this event.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Show messages, the newest last: what they told, to whom, and what became of them; times are UTC."""
    if fate is not None and fate not in {each.value for each in Fate}:
        raise CommandError(f"--fate: expected one of {', '.join(Fate)}, found {fate[:40]!r}", USAGE)
    with reading(place(context).where) as store:
        known = () if store is None else store.deliveries(recipient=recipient, fate=Fate(fate) if fate else None)
    chosen = [one for one in known if event is None or any(alert.story == event for alert in one.alerts)][-limit:]
    if as_json:
        print_json(chosen)
    else:
        show(chosen, nothing="No message was planned yet.")


def show(deliveries: Iterable[Delivery], *, nothing: str) -> None:
    """Print a table for people."""
    rows = list(deliveries)
    if not rows:
        out.print(nothing)
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("planned (UTC)", "to", "what", "fate", "note"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "planned (UTC)")
    for one in rows:
        table.add_row(
            f"{one.created:%Y-%m-%d %H:%M}",
            Text(f"{one.recipient} ({one.address})" if one.address else one.recipient),
            Text("\n".join(f"{alert.stage}: {alert.story} r{alert.revision}" for alert in one.alerts) or one.form),
            Text(one.fate if one.form == "news" else f"{one.fate} {one.form}"),
            Text(_note(one)),
        )
    out.print(table)


def _note(one: Delivery) -> str:
    match one.fate:
        case Fate.PROPOSED:
            return f"alerts approve {one.key}"
        case Fate.WAITING:
            tried = f", tried {one.attempts} times: {one.note}" if one.attempts else ""
            return f"due {rfc3339(one.due)}{tried}"
    return one.note

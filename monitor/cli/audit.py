"""`presscanary audit`: who was given access, who signed in, and whether that record is whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from monitor.access import AccessError, audit
from monitor.cli.frame import FAULT, USAGE, CommandError, out, print_json
from monitor.cli.user import opened


def command(
    context: typer.Context,
    *,
    since: Annotated[str | None, typer.Option(help="Only from this date or time on.", show_default="all")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Print the record of access, oldest line first.

    Each line is tied to the one before by a hash. Exit code 1: a line is missing or is not the one that was written,
    or the record cannot be read.
    """
    database = opened(context)
    try:
        found, broken = audit.entries(database, None if since is None else _moment(since)), audit.broken(database)
    except AccessError as fault:
        raise CommandError(str(fault), FAULT) from fault
    if as_json:
        print_json({"whole": broken is None, "entries": found})
    else:
        table = Table("", "time (UTC)", "who", "what", "whom", box=None)
        for entry in found:
            when = entry.time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
            table.add_row(str(entry.number), when, entry.actor, entry.action, entry.subject)
        out.print(table if found else "Nothing is recorded yet.")
    if broken is not None:
        raise CommandError(f"line {broken} of the record is missing, or is not the one that was written", FAULT)


def _moment(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--since: expected a date or time such as 2026-01-18, found {text!r}", USAGE) from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed

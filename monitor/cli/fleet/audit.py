"""`presscanary fleet audit`: what was done to the fleet and what it did, and whether that record is whole."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from monitor.cli.fleet.opened import AsJson, opened
from monitor.cli.frame import FAULT, CommandError, out, print_json
from monitor.fleet import audit


def command(
    context: typer.Context,
    *,
    vantage: Annotated[str | None, typer.Option(help="Only of this vantage point.", show_default="all")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the fleet's record, oldest line first. It only grows, and each line is tied to the one before by a hash.

    Exit code 1: a line is missing or is not the one that was written, or the record cannot be read.
    """
    with opened(context) as fleet:
        found, broken = audit.entries(fleet, vantage=vantage), audit.broken(fleet)
    if as_json:
        print_json({"whole": broken is None, "entries": found})
    else:
        table = Table("", "time (UTC)", "by", "what", "whom", "said", box=None)
        for entry in found:
            table.add_row(
                str(entry.number),
                f"{entry.time:%Y-%m-%d %H:%M:%S}",
                entry.actor,
                entry.action,
                entry.vantage,
                entry.said,
            )
        out.print(table if found else "Nothing is recorded yet.", markup=False)
    if broken is not None:
        raise CommandError(f"line {broken} of the record is missing, or is not the one that was written", FAULT)

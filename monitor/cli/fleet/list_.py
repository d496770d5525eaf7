"""`presscanary fleet list`: every vantage point of others, and how it stands."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from monitor.cli.fleet.opened import AsJson, now, opened
from monitor.cli.fleet.standing import Standing, ago, standing
from monitor.cli.frame import out, place, print_json
from monitor.cli.reading import reading
from monitor.fleet import Database, flags, members


def command(
    context: typer.Context,
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those whose key opens nothing any more.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the fleet: health, how far behind, how much is lost, version, consent, and flags that somebody should see.

    A flag takes nothing away by itself: two_networks (one key in two networks in turn), fork (two histories of one
    key), clock (more than five minutes off), canary (contrary to what we know of a target). Exit code 1: the fleet or
    the store cannot be read.
    """
    with opened(context) as fleet:
        rows = gathered(context, fleet, every=every)
    if as_json:
        print_json(rows)
    elif not rows:
        out.print("Nobody is enrolled yet: `presscanary fleet token` makes an invitation.", markup=False)
    else:
        out.print(_table(rows))


def gathered(context: typer.Context, fleet: Database, *, every: bool) -> list[Standing]:
    """The rows of the fleet, by vantage point."""
    with reading(place(context).where) as store:
        health = {} if store is None else {status.vantage: status for status in store.health()}
    waved = flags.every(fleet)
    return [standing(member, health, waved, now()) for member in members.every(fleet) if every or member.live]


def _table(rows: list[Standing]) -> Table:
    table = Table(
        "vantage point", "network", "role", "state", "health", "seen", "lag", "waiting", "lost", "version", "risk text",
        "flags", box=None,
    )  # fmt: skip
    for row in rows:
        seen = None if row.seen is None else (now() - row.seen).total_seconds()
        table.add_row(
            row.vantage, f"{row.country} {row.network}", row.role, row.status, row.health, ago(seen), ago(row.lag),
            f"{row.waiting:,}", f"{row.lost:.1%}", row.software or "?", str(row.risk), ", ".join(row.flags) or "none",
        )  # fmt: skip
    return table

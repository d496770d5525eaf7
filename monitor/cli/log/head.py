"""`presscanary log head`: the signed head, to be kept elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from monitor.cli.frame import FAULT, CommandError, err, out, place
from monitor.cli.log.opened import AsJson, up_to_date
from monitor.log import Head


def command(
    context: typer.Context,
    *,
    every: Annotated[bool, typer.Option("--all", help="Print every signed head, oldest first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the log's newest signed head: how many measurements it holds, their root, and the signature.

    Signs one over what came since, where no monitor is running (a running one signs one a day). Publish it, or give it
    to somebody who keeps it: with it anybody can tell later whether the log was written anew. One line of JSON per head
    with --json, which `log audit --head FILE` reads. Exit code 1 where there is no store, or the log is damaged.
    """
    data_dir: Path = place(context).data_dir
    with up_to_date(data_dir) as (log, ours):
        if ours and log.size:
            log.sign(datetime.now(UTC))
        heads, behind = log.heads(), log.size
        key = log.public
    if not heads:
        raise CommandError("nothing was logged yet: there is no head to sign", FAULT)
    wanted = heads if every else heads[-1:]
    if as_json:
        for head in wanted:
            typer.echo(head.line)
        return
    for head in wanted:
        out.print(_table(head))
    out.print(f"signed with {key.line}", markup=False, soft_wrap=True)
    if behind > heads[-1].size:
        err.print(f"{behind - heads[-1].size:,} entries came since; the running monitor signs them.", markup=False)


def _table(head: Head) -> Table:
    table = Table("", "", box=None, show_header=False, pad_edge=False)
    table.columns[1].overflow = "fold"
    for name, value in (
        ("time", head.time),
        ("entries", f"{head.size:,}"),
        ("root", head.root),
        ("head before", head.previous or "none: this is the first"),
        ("key", head.log),
    ):
        table.add_row(name, value)
    return table

"""`presscanary store verify`: every file against the index, every count against the rows."""

from __future__ import annotations

import typer

from monitor.cli.frame import FAULT, err, out, print_json
from monitor.cli.store.opened import AsJson, opened, progress
from monitor.store.verification import verify


def command(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Read every segment, pack, document, count and newest state, and compare them with what they should be.

    Works beside a running writer and changes nothing. Exit code 1 where something is wrong, each with its place.
    """
    with opened(context, read_only=True) as store, progress("verifying") as told:
        found = verify(store.upkeep, told=told)
    if as_json:
        print_json(found)
    else:
        out.print(", ".join(f"{count:,} {name}" for name, count in found.checked.items()) + " checked.", markup=False)
        for problem in found.problems:
            err.print(f"{problem.where}: {problem.what}", style="red", markup=False, soft_wrap=True)
        if not found.problems:
            out.print("Everything is as it was written.")
    if found.problems:
        raise typer.Exit(FAULT)

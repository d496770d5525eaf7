"""`presscanary log audit`: whether the log is still what was signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.frame import FAULT, USAGE, CommandError, err, out, place, print_json
from monitor.cli.log.opened import AsJson, up_to_date
from monitor.log import Head, LogDamaged, audit


def command(
    context: typer.Context,
    *,
    kept: Annotated[
        list[Path] | None,
        typer.Option("--head", help="A file with heads that were kept elsewhere (`log head --json`); may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every signed head against the log's entries, its signature, and the head before it.

    Heads that were kept elsewhere (--head) are what finds a log that was written anew by somebody with its key. What
    the store has accepted and the log lacks is entered first. Exit code 1 where something does not fit, each named.
    """
    foreign = [head for path in kept or [] for head in _heads(path)]
    with up_to_date(place(context).data_dir) as (log, _):
        found = audit(log, foreign)
    if as_json:
        print_json(found)
    else:
        elsewhere = f" and {found.kept_heads:,} kept elsewhere" if found.kept_heads else ""
        out.print(f"{found.entries:,} entries, {found.heads:,} signed heads{elsewhere} checked.", markup=False)
        for fault in found.faults:
            err.print(fault, style="red", markup=False, soft_wrap=True)
        if not found.faults:
            out.print("The log is what was signed.")
    if found.faults:
        raise typer.Exit(FAULT)


def _heads(path: Path) -> list[Head]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [Head.read(line) for line in lines if line.strip()]
    except OSError as fault:
        raise CommandError(f"{path} cannot be read: {fault.strerror or fault}", USAGE) from fault
    except (LogDamaged, ValueError) as fault:
        raise CommandError(f"{path} holds no heads: one line of `presscanary log head --json` each", USAGE) from fault

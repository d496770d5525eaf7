"""`presscanary store status`: what is in the data folder, how large it is, and what is to be done about it."""

from __future__ import annotations

from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.table import Table

from monitor.cli.frame import load_settings, out, place, print_json
from monitor.cli.store.opened import AsJson, opened, size
from monitor.store.inventory import Inventory, take


def command(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show what the data folder holds, how large it is, what is sealed, and whether it is over its limit.

    Reads beside a running writer. Exit code 1 where there is no store, or it cannot be read.
    """
    settings = load_settings(place(context).config)
    with opened(context, read_only=True) as store:
        found = take(store.upkeep, settings.keeping, datetime.now(UTC))
    if as_json:
        print_json(found)
    else:
        render(found, out)


def render(found: Inventory, console: Console) -> None:
    """Print an inventory for people, what needs attention last."""
    table = Table("", "", box=None, show_header=False, pad_edge=False)
    rows = [
        ("folder", f"{found.data_dir} (store version {found.version})"),
        ("results in the tail", f"{found.tail_rows:,}"),
        ("results sealed", f"{found.sealed_rows:,} in {found.segments} segments, {found.months} months"),
        ("raw documents", f"{found.documents:,}"),
        ("database", size(found.database_bytes)),
        ("segments", size(found.segment_bytes)),
        ("packs", size(found.pack_bytes)),
        ("limit", "none" if found.limit is None else size(found.limit)),
    ]
    for name, value in rows:
        table.add_row(name, value)
    console.print(table, markup=False)
    for line in found.advice:
        console.print(line, style="yellow", markup=False, soft_wrap=True)

"""`presscanary store restore`: a store from its backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.frame import out, place, print_json
from monitor.cli.store.opened import AsJson, faults, progress, size
from monitor.store.backup import restore


def command(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="What `store backup` wrote: a folder or a .tar file.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Make the store of a backup in the data folder (--data-dir), which must hold none; every file is checked.

    Exit code 1: no backup there, a store is there already, no room, a file that is not what was copied.
    """
    with faults(), progress("restoring") as told:
        made = restore(source, place(context).data_dir, told=told)
    if as_json:
        print_json(made)
    else:
        out.print(f"{made.path}: {made.files} files, {size(made.bytes)}, each as its hash says", markup=False)

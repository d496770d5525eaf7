"""`presscanary store backup`: a copy of the store while it is written to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.frame import out, place, print_json
from monitor.cli.store.opened import AsJson, faults, progress, size
from monitor.store.backup import backup


def command(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="A folder, or a file whose name ends in .tar; it must not exist.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Copy the store to a folder or a tar while `presscanary run` goes on, with a list of hashes.

    Exit code 1: no store, the target exists, no room, a file that is not what the manifest says.
    """
    with faults(), progress("copying") as told:
        made = backup(place(context).data_dir, target, told=told)
    if as_json:
        print_json(made)
    else:
        out.print(f"{made.path}: {made.files} files, {size(made.bytes)}", markup=False)

"""`presscanary store migrate`: an older store becomes one of this version."""

from __future__ import annotations

import typer

from monitor.cli.frame import out, place, print_json
from monitor.cli.store.opened import AsJson, existing, faults
from monitor.store import schema
from monitor.store.readers import stored_version


def command(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Bring the store up to this version of presscanary; `presscanary run` does it by itself.

    Each migration is one transaction: ended in its middle, the store is as it was before it. Exit code 1: no store,
    another writer, a store of a newer version, no room.
    """
    data_dir = place(context).data_dir
    known = len(schema.shipped())
    with faults():
        before = stored_version(data_dir)
    with existing(context):
        pass
    if as_json:
        print_json({"data_dir": str(data_dir), "from": before, "to": known})
    elif before == known:
        out.print(f"The store in {data_dir} is of version {known} already.", markup=False)
    else:
        out.print(f"The store in {data_dir} went from version {before} to {known}.", markup=False)

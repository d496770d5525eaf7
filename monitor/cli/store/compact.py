"""`presscanary store compact`: the segments of a month become one."""

from __future__ import annotations

import typer

from monitor.cli.store.opened import AsJson, existing, progress
from monitor.cli.store.seal import show
from monitor.store.compaction import compact
from monitor.store.segments import Written


def command(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Merge the segments of each month into one sorted file, and take in verdicts that were judged again.

    Needs DuckDB and the data folder for itself. Exit code 1: no store, another writer, no DuckDB, no room.
    """
    written: list[Written] = []
    with existing(context) as store, progress("compacting") as told:
        while made := compact(store.upkeep, parts=1, told=told):
            written.append(made)
    show(written, as_json=as_json, nothing="Each sealed month is one segment already.")

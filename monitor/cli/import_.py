"""`presscanary import`: measurements and series that others made, read into the store without stopping at a bad one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from monitor.cli.frame import FAULT, USAGE, CommandError, err, load_settings, place
from monitor.cli.receipt import Receipt, show
from monitor.config import Settings
from monitor.history import Imported, Series, Skipped, Unreadable, ooni, series
from monitor.model import BlockingEvent, Cell
from monitor.pipeline import PipelineSettings, record, review
from monitor.store import Store, StoreError, open_store
from probes.document import measurement_id
from probes.model import Measurement

_BATCH = 1000
"""Cells written with one sync of the disk."""
_CODES = "Exit code: 0 when all could be read, 1 when something could not and the rest was imported, 2 when nothing could."

commands = typer.Typer(no_args_is_help=True, help="Read history that others measured.")


@commands.command("ooni", epilog=_CODES)
def import_ooni(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(exists=True, help="Files (.json, .jsonl, also compressed) or folders of them.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Read OONI measurement files: web_connectivity of every version; other tests are counted and skipped.

    Importing the same file again changes nothing. The original documents are kept; an address of whoever measured is
    replaced in them first. What others measured counts as one vantage point per network, however many they were.
    """
    here = place(context)
    settings = load_settings(here.config)
    hosts, receipt = hosts_of(settings), Receipt()
    with _writing(here.data_dir) as store, _progress(paths, "reading") as seen:
        for path in paths:
            for found in ooni.read(path, hosts, seen=seen):
                _take_in(found, store, _pipeline(settings), receipt)
        receipt.events = _review(store, settings)
    show(receipt, as_json=as_json)


@commands.command("series", epilog=_CODES)
def import_series(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file with the rows.")],
    *,
    name: Annotated[str, typer.Option("--format", help="What the rows are: ooni-analysis.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Read a series of rows that are scored already; importing the same file again changes nothing."""
    here = place(context)
    settings, receipt = load_settings(here.config), Receipt()
    with _writing(here.data_dir) as store, _progress([file], "reading") as seen:
        for batch in _batches(_format(name).read(file, hosts_of(settings)), receipt):
            new = store.append_cells(batch)
            receipt.new += new
            receipt.known += len(batch) - new
        seen(file.stat().st_size)
        receipt.events = _review(store, settings)
    show(receipt, as_json=as_json)


def hosts_of(settings: Settings) -> Mapping[str, str]:
    """Host to target id, from the URLs and mirrors of every target that is watched."""
    return {
        target_host: target.id
        for target in settings.targets
        for url in (*target.mirrors, *target.urls)
        if (target_host := (typer_host(url)))
    }

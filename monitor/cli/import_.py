"""`presscanary import`: measurements and series that others made, read into the store without stopping at a bad one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from monitor.cli.frame import FAULT, USAGE, CommandError, err, load_settings, place
from monitor.cli.receipt import Receipt, show
from monitor.config import Settings
from monitor.history import Imported, Series, Skipped, Unreadable, ooni, series
from monitor.model import BlockingEvent, Cell
from monitor.pipeline import PipelineSettings, known_in, record, review
from monitor.store import Location, Store, StoreError, open_store
from probes.document import measurement_id
from probes.model import Measurement

_BATCH = 1000
"""Cells written with one sync of the disk."""
_CODES = (
    "Exit code: 0 when all could be read, 1 when something could not and the rest was imported, 2 when nothing could."
)

commands = typer.Typer(no_args_is_help=True, help="Read history that others measured.")


@commands.command("ooni", epilog=_CODES)
def import_ooni(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files (.json, .jsonl, also compressed) or folders of them.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Read OONI measurement files: web_connectivity of every version; other tests are counted and skipped.

    Importing the same file again changes nothing. The original documents are kept; an address of whoever measured is
    replaced in them first. What others measured counts as one vantage point per network, however many they were.
    """
    _demand(*paths)
    here = place(context)
    settings = load_settings(here.config)
    if settings.simulated:
        raise CommandError(f"{settings.path} says `simulated: true`; what OONI measured is real", USAGE)
    hosts, receipt = hosts_of(settings), Receipt()
    with _writing(here.where) as store, _progress(paths) as seen:
        pipeline = replace(_pipeline(settings), fingerprints=known_in(here.where))
        for path in paths:
            for found in ooni.read(path, hosts, seen=seen):
                _take_in(found, store, pipeline, receipt)
        receipt.events = _review(store, settings)
    show(receipt, as_json=as_json)


@commands.command("series", epilog=_CODES)
def import_series(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file with the rows.")],
    *,
    name: Annotated[str, typer.Option("--format", help="What the rows are: ooni-analysis.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Read a series of rows that are scored already; importing the same file again changes nothing."""
    _demand(file)
    here, rows = place(context), _format(name)
    settings, receipt = load_settings(here.config), Receipt()
    with _writing(here.where) as store, _progress([file]) as seen:
        for batch in _batches(_labelled(rows.read(file, hosts_of(settings)), settings), receipt):
            new = store.append_cells(batch)
            receipt.new += new
            receipt.known += len(batch) - new
        seen(file.stat().st_size)
        receipt.events = _review(store, settings)
    show(receipt, as_json=as_json)


def hosts_of(settings: Settings) -> Mapping[str, str]:
    """Host to target id, from the URLs and mirrors of every target that is watched; a URL goes before a mirror."""
    pairs = [(url, target.id) for target in settings.targets for url in target.mirrors]
    pairs += [(url, target.id) for target in settings.targets for url in target.urls]
    return {host: target for url, target in pairs if (host := urlsplit(url).hostname)}


def _demand(*paths: Path) -> None:
    """A path that is not there is a slip of the keyboard: nothing is imported before it is mended."""
    if missing := [str(path) for path in paths if not path.exists()]:
        raise CommandError("\n".join(f"{path}: no such file or folder" for path in missing), USAGE)


def _pipeline(settings: Settings) -> PipelineSettings:
    """History is reviewed as a whole, however long ago it was."""
    return PipelineSettings(lookback=None, detector=settings.detection)


def _review(store: Store, settings: Settings) -> tuple[BlockingEvent, ...]:
    return review(store, now=datetime.now(UTC), settings=_pipeline(settings))


def _take_in(
    found: Imported | Skipped | Unreadable, store: Store, settings: PipelineSettings, receipt: Receipt
) -> None:
    match found:
        case Unreadable():
            receipt.refuse(found)
        case Skipped():
            receipt.skipped[found.reason] += 1
        case Imported(measurement=measurement, controls=controls, original=original):
            for control in controls:  # first, so that the measurement is judged beside them
                _keep(control, original, store, settings)
            if _keep(measurement, original, store, settings):
                receipt.new += 1
            else:
                receipt.known += 1


def _keep(measurement: Measurement, original: bytes, store: Store, settings: PipelineSettings) -> bool:
    """Record a measurement that is not known yet; False where it is."""
    if store.measurement(measurement_id(measurement)) is not None:
        return False
    record(measurement, store, settings=settings, original=original)
    return True


def _format(name: str) -> Series:
    formats = series()
    if name not in formats:
        known = ", ".join(f"{each.name} ({each.about})" for each in formats.values())
        raise CommandError(f"--format: {name!r} is not known; known: {known}", USAGE)
    return formats[name]


def _labelled(rows: Iterable[Cell | Unreadable], settings: Settings) -> Iterator[Cell | Unreadable]:
    """The rows as they are; in a configuration of which nothing is real, neither are the cells, and they say so."""
    for row in rows:
        yield replace(row, simulated=True) if settings.simulated and isinstance(row, Cell) else row


def _batches(rows: Iterable[Cell | Unreadable], receipt: Receipt) -> Iterator[list[Cell]]:
    """The cells in batches; what is none goes to the receipt."""
    batch: list[Cell] = []
    for row in rows:
        if isinstance(row, Unreadable):
            receipt.refuse(row)
            continue
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


@contextmanager
def _writing(data_dir: Location) -> Iterator[Store]:
    """The store for writing; its faults (a full disk, a second writer) end the command with one line."""
    try:
        with open_store(data_dir) as store:
            yield store
    except StoreError as fault:
        raise CommandError(str(fault), FAULT) from fault


@contextmanager
def _progress(paths: Iterable[Path]) -> Iterator[Callable[[int], None]]:
    """A bar on standard error over all bytes of the files, for people; nothing where nobody watches."""
    total = sum(file.stat().st_size for path in paths for file in ooni.files(path))
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("reading", total=total)
        yield lambda count: bar.advance(task, count)

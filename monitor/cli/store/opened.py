"""What the verbs share: the store opened as they need it, and a line that moves while they work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from monitor.cli.frame import FAULT, CommandError, err, place
from monitor.store import StoreError, open_folder
from monitor.store.sqlite import SQLiteStore
from monitor.store.upkeep import Told

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@contextmanager
def opened(context: typer.Context, *, read_only: bool = False) -> Iterator[SQLiteStore]:
    """The store of the data folder; CommandError where it cannot be opened or does not do what is asked."""
    with faults(), open_folder(place(context).data_dir, read_only=read_only) as store:
        yield store


@contextmanager
def existing(context: typer.Context) -> Iterator[SQLiteStore]:
    """The store of the data folder as its writer, where there is one already."""
    data_dir: Path = place(context).data_dir
    if not (data_dir / "store.db").exists():
        raise CommandError(
            f"there is no store in {data_dir}: `presscanary run` or `presscanary import` makes one", FAULT
        )
    with opened(context) as store:
        yield store


@contextmanager
def faults() -> Iterator[None]:
    """Turn what a store says into one line and exit code 1."""
    try:
        yield
    except StoreError as fault:
        raise CommandError(str(fault), FAULT) from fault


@contextmanager
def progress(verb: str) -> Iterator[Told]:
    """A function that shows the step that is taken now, on a terminal only."""
    columns = SpinnerColumn(), TextColumn(verb), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda step: bar.update(task, description=step)


def size(count: int) -> str:
    """Bytes for people.

    >>> size(999), size(1_500), size(53_500_000_000)
    ('999 B', '1.5 kB', '53.5 GB')
    """
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"

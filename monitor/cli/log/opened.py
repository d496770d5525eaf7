"""What the verbs share: the log as it can be had, and its faults as one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.frame import FAULT, USAGE, CommandError
from monitor.log import Log, LogBusy, LogError, open_reading, open_writing
from monitor.pipeline.logged import enter, folder_of
from monitor.store import StoreError, open_folder
from monitor.store.sqlite import SQLiteStore

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def faults() -> Iterator[None]:
    """Turn what a log or a store says into one line and exit code 1."""
    try:
        yield
    except (LogError, StoreError) as fault:
        raise CommandError(str(fault), FAULT) from fault


@contextmanager
def up_to_date(data_dir: Path) -> Iterator[tuple[Log, bool]]:
    """The log of a data folder, and whether this process may write to it: it then holds all that the store does.

    Where a monitor is running it is the one that writes; what it has not entered yet comes within a minute.
    """
    with faults():
        try:
            with open_folder(data_dir, read_only=True) as store, open_writing(folder_of(data_dir)) as log:
                enter(store, log)
                yield log, True
        except LogBusy:
            with open_reading(folder_of(data_dir)) as log:
                yield log, False


def bring_in(store: SQLiteStore) -> None:
    """Let what was accepted enter the log, before an ok result's document may go; CommandError where it cannot."""
    with faults(), open_writing(folder_of(store.upkeep.folder.path)) as log:
        enter(store, log)


def number(text: str, what: str) -> int:
    """A number of entries that somebody typed; CommandError where it is none."""
    if not text.isdecimal():
        raise CommandError(f"{what} is a number of entries, not {text!r}", USAGE)
    return int(text)

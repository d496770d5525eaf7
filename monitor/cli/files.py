"""Where an export goes: one file that is there whole or not at all, or a folder with one file per day."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when the block ends well; otherwise what was there before stays. OSError as usual."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def by_day(folder: Path, files: Iterable[tuple[date, str]], over: date, put: Callable[[BinaryIO, date], int]) -> int:
    """Write a file per day into a folder, each under its name; how many rows were written.

    A day before `over` whose file is there is done already. Days without rows have a file too: nothing was measured.
    """
    rows = 0
    for day, name in files:
        path = folder / name
        if path.exists() and day < over:
            continue
        with whole(path) as file:
            rows += put(file, day)
    return rows

"""What people say on the command line while the monitor runs: one small file each, which the monitor takes in.

The embedded store has one writer, the running monitor. A command that finds it busy leaves a file here; the file is
removed only after what it says is in the store, so that a crash in between takes it in twice, which is once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import cast

from monitor.model import Saying
from probes.document import DocumentError, canonical, document, record_from

_LARGEST = 65_536
"""Bytes: more is not from us."""


def leave(folder: Path, saying: Saying) -> None:
    """Leave a word for the monitor; it is whole or not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{saying.id}.draft"
    with draft.open("wb") as file:
        file.write(canonical(document(saying)))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / f"{saying.id}.json")


def taken(folder: Path | None) -> Iterator[Saying]:
    """The words that were left; a file that holds none is passed over."""
    for path in _files(folder):
        try:
            if path.stat().st_size <= _LARGEST:
                yield cast("Saying", record_from(Saying, json.loads(path.read_bytes())))
        except (OSError, ValueError, DocumentError):
            continue


def done(folder: Path | None, kept: Collection[Saying]) -> None:
    """Remove the files whose words are in the store."""
    known = {saying.id for saying in kept}
    for path in _files(folder):
        if path.stem in known:
            path.unlink(missing_ok=True)


def _files(folder: Path | None) -> list[Path]:
    return sorted(folder.glob("*.json")) if folder is not None and folder.is_dir() else []

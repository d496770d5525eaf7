"""OONI's measurement files as our measurements: `.json`, `.jsonl` and either of them compressed, or a folder of these.

Read in this order: `files` (bytes), `document` (one document), `steps` and `control` (its parts), `words` and `loose`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from monitor.history import Imported, Skipped, Unreadable
from monitor.history.ooni.document import understood
from monitor.history.ooni.files import Caps, Piece, files, pieces

__all__ = ["Caps", "files", "read"]


def _unseen(_: int) -> None:
    """Nobody watches the progress."""


def read(
    path: Path,
    targets: Mapping[str, str],
    *,
    caps: Caps | None = None,
    seen: Callable[[int], None] = _unseen,
) -> Iterator[Imported | Skipped | Unreadable]:
    """Everything in a file or a folder, one by one; nothing that stands in a file ends the reading.

    `targets` maps hosts to target ids. `seen` is told the number of bytes taken in. A folder without a file of such a
    name is one Unreadable, so that a wrong path does not look like an empty success.
    """
    found = files(path)
    if not found:
        yield Unreadable(where=str(path), why="no .json, .jsonl or .gz file in this folder")
    for file in found:
        for piece in pieces(file, caps=caps or Caps(), seen=seen):
            yield understood(piece.raw, piece.where, file.name, targets) if isinstance(piece, Piece) else piece

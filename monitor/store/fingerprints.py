"""The fingerprints that somebody has read in, in a file of their own in the data folder: one JSON document a line."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.model import Fingerprint
from monitor.store.errors import damaged, translated
from monitor.store.folder import FILE_MODE, prepare, sync_folder
from probes.document import DocumentError, document, record_from

_NAME = "fingerprints.jsonl"


def read_fingerprints(data_dir: Path) -> tuple[Fingerprint, ...]:
    """The fingerprints of a data folder, none where none were read in; StoreError where the file is not what it was."""
    path = data_dir / _NAME
    with translated(data_dir):
        if not path.exists():
            return ()
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(record_from(Fingerprint, json.loads(line)))
        except (DocumentError, json.JSONDecodeError, RecursionError) as fault:
            raise damaged(data_dir, f"{_NAME}:{number}: {fault}") from fault
    return tuple(found)


def save_fingerprints(data_dir: Path, given: Iterable[Fingerprint], *, instead: bool = False) -> tuple[int, int]:
    """Keep fingerprints beside those that are there, or `instead` of them; how many are new or changed, and how many
    there are now.

    One with a known id takes the known one's place. Either all are kept, durably, or none: the file is written anew and
    takes the old one's name. StoreError where that was not possible.
    """
    with _alone(data_dir):
        known = {} if instead else {one.id: one for one in read_fingerprints(data_dir)}
        new = {one.id: one for one in given}
        changed = sum(known.get(name) != one for name, one in new.items())
        whole = known | new
        _replace(data_dir, [json.dumps(document(one), ensure_ascii=False) for one in whole.values()])
    return changed, len(whole)


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Be the only one who changes the file; whoever comes second waits."""
    with translated(data_dir):
        prepare(data_dir)
        handle = os.open(data_dir / "fingerprints.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _replace(data_dir: Path, lines: Iterable[str]) -> None:
    new = data_dir / f"{_NAME}.new"
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        new.replace(data_dir / _NAME)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    sync_folder(data_dir)

"""A process that appends, judges again, seals and merges on a disk that refuses one call.

`refused.py FOLDER` prints each acknowledged number; a refusal must be the store's own. Then it does all of it again
without a fault, and ends with `done`.
"""

from __future__ import annotations

import importlib.util
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.model import State
from monitor.store import StoreError, open_folder
from monitor.store.compaction import compact
from monitor.store.sealing import seal

_SPEC = importlib.util.spec_from_file_location("appender", Path(__file__).with_name("appender.py"))
assert _SPEC
assert _SPEC.loader
made = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(made)

LATE = datetime(2100, 1, 1, tzinfo=UTC)


def entry(number):
    """One measurement an hour."""
    return made.entry(number, time=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=number))


def attempt(work) -> bool:
    """Whether the work was done; what the disk refused is a StoreError, anything else ends the process."""
    with suppress(StoreError):
        work()
        return True
    return False


def opened(folder: str):
    """The store, as soon as the disk lets it be opened."""
    while True:
        with suppress(StoreError):
            return open_folder(Path(folder))


def work(store) -> None:
    """Append, judge again, seal and merge."""

    def look_after(seen) -> None:
        attempt(lambda: store.revise(made.outcome_of(seen, State.DOWN)))
        attempt(lambda: seal(store.upkeep, LATE, piece=4))

    def append(number) -> None:
        pair = entry(number)
        if attempt(lambda: store.append(*pair)):
            print(number, flush=True)
        if number % 4 == 3:
            look_after(pair[0])

    for number in range(8):
        append(number)
    attempt(lambda: compact(store.upkeep))


def main(folder: str) -> None:
    """Work twice through everything."""
    for _ in range(2):
        with opened(folder) as store:
            work(store)
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

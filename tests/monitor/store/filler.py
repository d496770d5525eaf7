"""Fills a small disk with measurements until the store says that it is full, makes room, and goes on.

`filler.py FOLDER BALLAST` prints what it saw as JSON. BALLAST is a file on the same disk whose removal makes room.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import random
import sys
from pathlib import Path

from monitor.store import StoreFull, open_store

_SPEC = importlib.util.spec_from_file_location("appender", Path(__file__).with_name("appender.py"))
assert _SPEC
assert _SPEC.loader
made = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(made)


def original(number: int) -> bytes:
    """Bytes that do not compress."""
    return random.Random(number).randbytes(20_000)


def fill(store, first: int) -> tuple[list[int], str]:
    """Append until the disk is full: which were acknowledged, and the message."""
    done = []
    while True:
        number = first + len(done)
        try:
            store.append(*made.entry(number), original=original(number))
        except StoreFull as full:
            return done, str(full)
        done.append(number)


def whole(store, numbers) -> bool:
    """Whether exactly these measurements are stored, readable in every part."""
    stored = {outcome.measurement for outcome in store.outcomes()}
    pairs = {number: made.entry(number) for number in numbers}
    return stored == {outcome.measurement for _, outcome in pairs.values()} and all(
        store.measurement(outcome.measurement) == measurement
        and store.original(hashlib.sha256(original(number)).hexdigest()) == original(number)
        for number, (measurement, outcome) in pairs.items()
    )


def main(folder: str, ballast: str) -> None:
    """Fill, look, try again, make room, go on, open again, look."""
    store = open_store(Path(folder))
    done, message = fill(store, 0)
    seen = {"message": message, "acknowledged": len(done), "whole when full": whole(store, done)}
    again, _ = fill(store, len(done))
    done += again
    seen["room was given back"] = store.counts()["pack_bytes"] == sum(
        pack.stat().st_size for pack in Path(folder, "packs").iterdir()
    )
    Path(ballast).unlink()
    for number in range(len(done), len(done) + 10):
        assert store.append(*made.entry(number), original=original(number))
        done.append(number)
    seen["whole with room"] = whole(store, done)
    store.close()
    with open_store(Path(folder)) as store:
        seen["whole after opening again"] = whole(store, done)
        seen["days"] = sum(day.ok + day.down + day.blocked + day.insufficient for day in store.days()) - len(done)
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])

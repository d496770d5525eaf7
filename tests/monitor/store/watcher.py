"""A process that reads a store while another writes, and prints `looks rows` when its input ends, or what is wrong.

Everything in one look is read in one transaction, so rows, rollups and latest must agree with each other exactly.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from pathlib import Path

from monitor.store import open_store

_SUM = "SELECT coalesce(sum(ok + down + blocked + insufficient), 0) FROM "


def look(connection: sqlite3.Connection) -> tuple[int, set[int]]:
    """How many rows there are, and every number that must be the same."""
    connection.execute("BEGIN")
    rows = connection.execute("SELECT count(*) FROM observation").fetchone()[0]
    same = {
        rows,
        connection.execute("SELECT count(DISTINCT measurement) FROM observation").fetchone()[0],
        connection.execute("SELECT coalesce(max(seq), 0) FROM observation").fetchone()[0],
        connection.execute(_SUM + "hourly").fetchone()[0],
        connection.execute(_SUM + "hourly_target").fetchone()[0],
        connection.execute(_SUM + "daily").fetchone()[0],
        connection.execute("SELECT count(*) FROM observation JOIN document ON document.id = document").fetchone()[0],
    }
    connection.execute("COMMIT")
    return rows, same


def main(folder: str) -> None:
    """Look until standard input ends."""
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    looks = last = 0
    store = open_store(Path(folder), read_only=True)
    connection = sqlite3.connect(f"file:{folder}/store.db?mode=ro", uri=True, isolation_level=None, timeout=30)
    while not ended.is_set():
        rows, same = look(connection)
        seen = len(store.outcomes())
        if len(same) != 1 or not last <= rows <= seen:
            print("WRONG", last, rows, seen, same, flush=True)
        if not looks:
            print("looking", flush=True)
        last, looks = rows, looks + 1
    print("looks", looks, "rows", last, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

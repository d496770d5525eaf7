"""Kills the store's writer at every step of its work, beside a reader: nothing may be lost, doubled or torn.

    python -m benchmarks.store_faults [--rounds 240]

A round is one process that ingests, seals, merges, prunes, migrates or backs up, and dies by SIGKILL: at a named step,
or some milliseconds into it. Afterwards everything that it had acknowledged must be there, once. The table goes to
standard output; exit code 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.model import Outcome, State
from monitor.store import open_folder, schema
from monitor.store.backup import backup, restore
from monitor.store.compaction import compact
from monitor.store.policy import Policy
from monitor.store.retention import prune
from monitor.store.sealing import seal
from monitor.store.sqlite import SQLiteStore
from monitor.store.upkeep import Upkeep
from monitor.store.verification import verify
from probes.model import Measurement

TESTS = Path(__file__).parents[1] / "tests" / "monitor" / "store"
T0 = datetime(2024, 1, 1, tzinfo=UTC)
LATE = datetime(2100, 1, 1, tzinfo=UTC)
SEAL = ("read", "write", "sync", "rename", "settle", "commit", "done")
COMPACT = ("read", "write", "sync", "rename", "settle", "commit", "unlink", "done")
BATCH = 20
PIECE = 150


def _made() -> Any:
    spec = importlib.util.spec_from_file_location("appender", TESTS / "appender.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


made = _made()


def entry(number: int) -> tuple[Measurement, Outcome, None]:
    """The measurement of a number: five pages, three months, one in six of them late."""
    hours = (number - 400 if number % 6 == 0 else number) % 2000
    measurement, outcome = made.entry(
        number,
        time=T0 + timedelta(hours=hours, microseconds=number),
        state=State.OK if number // 7 % 3 else State.BLOCKED,
        url=f"https://page-{number % 5}.example/",
    )
    return measurement, outcome, None


# ------------------------------------------------------------------------------------------------ the one who dies


def victim(folder: Path, work: str, step: str, first: int) -> None:
    """Do one kind of work and die at a step (`name`, or `name+milliseconds`)."""
    told = _dying_at(step)
    if work == "migrate":
        _migrate(folder, step)
        return
    if work == "backup":
        backup(folder, folder.with_name("copy"), told=told)
        return
    with open_folder(folder) as store:
        store._writer._transaction.packs._pack_size = 200_000  # type: ignore[union-attr]  # noqa: SLF001 - packs in a small test
        match work:
            case "ingest":
                _ingest(store, first)
            case "seal":
                seal(store.upkeep, LATE, keep_ok=4, piece=PIECE)  # one undisturbed, so that there is something to merge
                while seal(store.upkeep, LATE, keep_ok=4, piece=PIECE, told=told):
                    pass
            case "compact":
                while compact(store.upkeep, told=told):
                    pass
            case "prune":
                prune(store.upkeep, Policy(), told=told)


def _ingest(store: SQLiteStore, first: int) -> None:
    for number in itertools.count(first, BATCH):
        store.append_all(entry(each) for each in range(number, number + BATCH))
        if number % 3 == 0:
            store.revise(made.outcome_of(entry(number // 2)[0], State.DOWN))
        print(number + BATCH, flush=True)


def _dying_at(step: str) -> Callable[[str], None]:
    name, _, delay = step.partition("+")

    def told(now: str) -> None:
        if name in {now, "*"}:
            threading.Timer(int(delay) / 1000, _die).start() if delay else _die()

    return told


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _migrate(folder: Path, step: str) -> None:
    left = int(step)
    statements = schema.statements

    def counted(sql: str) -> Iterator[str]:
        nonlocal left
        for statement in statements(sql):
            if left == 0:
                _die()
            left -= 1
            yield statement

    schema.statements = counted
    open_folder(folder).close()


# ------------------------------------------------------------------------------------------------ the one who looks


def watcher(folder: Path) -> None:
    """Look at one snapshot after another until standard input ends; print how many, and what was wrong."""
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    looks = last = wrong = 0
    with open_folder(folder, read_only=True) as store:
        while not ended.is_set():
            rows, same = store.upkeep.read(lambda connection: look(store.upkeep, connection))
            wrong += len(same) != 1 or rows < last
            if wrong and (len(same) != 1 or rows < last):
                print("WRONG", rows, last, same, flush=True)
            looks, last = looks + 1, rows
    print("looks", looks, "wrong", wrong, flush=True)


def look(upkeep: Upkeep, connection: sqlite3.Connection) -> tuple[int, set[int]]:
    """How many rows a snapshot has, and every number that must be the same: distinct rows, sums, highest number."""
    tail = [row[0] for row in connection.execute("SELECT measurement FROM observation")]
    sealed = upkeep.archive.rows(connection, "SELECT count(*), count(DISTINCT measurement)", [], {}) or [(0, 0)]
    twice = (
        upkeep.archive.rows(connection, "SELECT count(*)", ["measurement IN (SELECT unnest($tail))"], {"tail": tail})
        if tail
        else []
    )
    sums = [
        connection.execute(f"SELECT coalesce(sum(ok + down + blocked + insufficient), 0) FROM {table}").fetchone()[0]
        for table in ("hourly", "hourly_target", "daily")
    ]
    (highest,) = connection.execute("SELECT coalesce(max(seq), 0) FROM observation").fetchone()
    rows = len(tail) + sealed[0][0]
    both = twice[0][0] if twice else 0
    return rows, {rows, len(set(tail)) + sealed[0][1] - both, *sums, highest}


# ------------------------------------------------------------------------------------------------ the rounds


@dataclass(slots=True)
class Ledger:
    """What the rounds showed."""

    rounds: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    acknowledged: int = 0


def run(rounds: int, seed: int) -> int:
    """All rounds, the table, and the exit code."""
    chance, ledger = random.Random(seed), Ledger()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home, "data")
        open_folder(folder).close()
        with _start("watcher", folder, stdin=subprocess.PIPE) as looking:
            for work, step in itertools.islice(_plan(chance), rounds):
                _round(folder, work, step, chance, ledger)
            said, _ = looking.communicate()
        _final(folder, ledger)
    return _report(ledger, said.strip())


def _plan(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Ingest before each of the others; every step of sealing and merging in turn, every second time in its middle."""
    seals, merges = itertools.cycle(SEAL), itertools.cycle(COMPACT)
    for number in itertools.count():
        yield "ingest", ""
        within = f"+{chance.randrange(1, 25)}" if number % 2 else ""
        yield "seal", next(seals) + within
        if number % 2:
            yield "compact", next(merges) + within
        if number % 4 == 1:
            yield "backup", f"*+{chance.randrange(1, 80)}"
        if number % 4 == 3:
            yield "migrate", str(chance.randrange(0, 24))
        if number % 4 == 0:
            yield "prune", chance.choice(("commit", "unlink", "counts", f"commit+{chance.randrange(1, 9)}"))


def _round(folder: Path, work: str, step: str, chance: random.Random, ledger: Ledger) -> None:
    ledger.rounds[work] += 1
    place = _old_store(folder.with_name("old")) if work == "migrate" else folder
    with _start("victim", place, work, step, ledger.acknowledged) as dying:
        if work == "ingest":
            said = [dying.stdout.readline()]
            time.sleep(chance.uniform(0, 0.4))
            dying.kill()
            said += dying.stdout.readlines()
            numbers = [int(line) for line in said if line.endswith("\n")]
            ledger.acknowledged = max([ledger.acknowledged, *numbers])
        dying.communicate()
    ledger.killed[work] += dying.returncode == -signal.SIGKILL
    if dying.returncode not in (0, -signal.SIGKILL):
        ledger.faults.append(f"{work} at {step}: exit code {dying.returncode}")
    _check(place, work, step, ledger)


def _check(folder: Path, work: str, step: str, ledger: Ledger) -> None:
    copy, back = folder.with_name("copy"), folder.with_name("back")
    if work == "backup":
        if not copy.exists():
            backup(folder, copy)
        restore(copy, back)
    checked = back if work == "backup" else folder
    with open_folder(checked) as store:  # as the next writer, who sweeps up
        rows = store.upkeep.read(lambda connection: look(store.upkeep, connection))[0]
        problems = verify(store.upkeep).problems
        least = 120 if work == "migrate" else ledger.acknowledged
        if rows < least:
            ledger.faults.append(f"{work} at {step}: {rows} of {least} rows")
        ledger.faults += [f"{work} at {step}: {it.where}: {it.what}" for it in problems]
        strays = [path for path in checked.rglob("*") if ".tmp" in path.name]
        if strays:
            ledger.faults.append(f"{work} at {step}: left {strays}")
    for path in (copy, back, folder.with_name("old")):
        shutil.rmtree(path, ignore_errors=True)


def _old_store(folder: Path) -> Path:
    with tarfile.open(TESTS / "data" / "version-1.tar.xz") as tar:
        tar.extractall(folder.parent, filter="data")
    folder.with_name("version-1").rename(folder)
    return folder


def _final(folder: Path, ledger: Ledger) -> None:
    with open_folder(folder, read_only=True) as store:
        stored = Counter(outcome.measurement for outcome in store.outcomes())
    for number in range(ledger.acknowledged):
        if stored[entry(number)[1].measurement] != 1:
            ledger.faults.append(f"measurement {number} is there {stored[entry(number)[1].measurement]} times")


def _report(ledger: Ledger, watched: str) -> int:
    print("| work | rounds | killed in the work |")
    print("|---|---|---|")
    for work, count in sorted(ledger.rounds.items()):
        print(f"| {work} | {count} | {ledger.killed[work]} |")
    print(f"| all | {ledger.rounds.total()} | {ledger.killed.total()} |")
    told = f"lost, doubled or spoilt: {len(ledger.faults)}; reader: {watched}"
    print(f"\nacknowledged: {ledger.acknowledged}; {told}")
    for fault in ledger.faults[:20]:
        print(fault)
    return int(bool(ledger.faults) or "wrong 0" not in watched)


def _start(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.store_faults", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1], **options)


def main() -> None:
    """Be the one that the arguments name."""
    match sys.argv[1:]:
        case ["victim", folder, work, step, first]:
            victim(Path(folder), work, step, int(first))
        case ["watcher", folder]:
            watcher(Path(folder))
        case _:
            parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
            parser.add_argument("--rounds", type=int, default=240)
            parser.add_argument("--seed", type=int, default=1)
            given = parser.parse_args()
            sys.exit(run(given.rounds, given.seed))


if __name__ == "__main__":
    main()

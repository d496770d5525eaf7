"""Killing the writer at any moment loses nothing that it acknowledged."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from monitor.store import open_store
from probes.document import measurement_id

HERE = Path(__file__).parent
ROUNDS = (1, 40, 7, 90, 3, 25)
"""How many acknowledgements each writer lives for."""


def start(script, *arguments, **options):
    """One of the processes that stand beside this file."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)


def killed_after(folder, acknowledged, first):
    """The numbers that a writer acknowledged until it was killed (SIGKILL)."""
    with start("appender.py", folder, first, 4) as writer:
        said = [writer.stdout.readline() for _ in range(acknowledged)]
        writer.kill()
        said += writer.stdout.readlines()
    return [int(line) for line in said if line.endswith("\n")]


def sums(folder, table):
    """The number of measurements that a rollup counts."""
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        statement = f"SELECT coalesce(sum(ok + down + blocked + insufficient), 0) FROM {table}"
        return connection.execute(statement).fetchone()[0]


def test_kill_minus_nine_loses_nothing(folder, made):
    """Over several kills: all that was acknowledged is stored, once, whole, and counted; no reader sees half of it."""
    open_store(folder).close()
    acknowledged = []
    with start("watcher.py", folder, stdin=subprocess.PIPE) as watcher:
        assert watcher.stdout.readline() == "looking\n"
        for number, lives in enumerate(ROUNDS):
            acknowledged += killed_after(folder, lives, first=number * 10_000)
        watched, _ = watcher.communicate()

    with open_store(folder) as store:
        stored = {outcome.measurement: outcome for outcome in store.outcomes()}
        assert len(stored) == store.counts()["measurements"] == len(store.outcomes())
        for number in acknowledged:
            measurement, outcome = made.entry(number)
            assert stored[outcome.measurement] == outcome
            assert store.measurement(outcome.measurement) == measurement
            original = b"the original of %d" % (number // 2)
            assert store.original(hashlib.sha256(original).hexdigest()) == original
        assert all(measurement_id(store.measurement(key)) == key for key in stored)
        assert store.latest()[0].outcome == store.outcomes(newest_first=True, limit=1)[0]
    assert (
        sums(folder, "hourly") == sums(folder, "hourly_target") == sums(folder, "daily") == len(stored) >= sum(ROUNDS)
    )
    assert "WRONG" not in watched
    assert watched.startswith("looks")


def test_a_reader_recovers_what_a_dead_writer_left_in_the_log(folder):
    """After a kill, a reader alone (no writer since) sees everything that was acknowledged."""
    acknowledged = killed_after(folder, 12, first=0)
    with open_store(folder, read_only=True) as store:
        assert len(store.outcomes()) >= len(acknowledged)


def test_an_append_is_synced_before_it_is_acknowledged(folder):
    """As the system sees it: the pack is written and synced, then the log, and only then is the number printed."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    calls = "trace=write,pwrite64,fsync,fdatasync"
    command = ["strace", "-f", "-y", "-e", calls, sys.executable, str(HERE / "appender.py"), str(folder), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as traced:
        steps = []
        for line in traced.stderr:
            steps.append(_step(line))
            if steps[-1] == "acknowledge" or "ptrace" in line:
                break
        traced.terminate()
    if "acknowledge" not in steps:
        pytest.skip("strace may not trace here")
    steps = [step for step in steps if step]
    last_write = len(steps) - 1 - steps[::-1].index("write pack")
    assert steps[last_write + 1] == "sync pack"
    assert steps[-1] == "acknowledge"
    assert steps[-2] == "sync log"
    assert "write log" in steps[last_write:]


def _step(line):
    for call, word in (("fdatasync(", "sync"), ("fsync(", "sync"), ("write(", "write"), ("pwrite64(", "write")):
        if call in line:
            for file, name in ((".pack>", "pack"), ("store.db-wal>", "log")):
                if file in line:
                    return f"{word} {name}"
    return "acknowledge" if "write(1<" in line else ""

"""A disk that refuses, at every call in turn: whatever was acknowledged is there, and the next attempt succeeds."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.model import State
from monitor.store import StoreError, StoreFull, open_folder
from monitor.store import packs as packs_module
from monitor.store import segments as segments_module
from monitor.store.compaction import compact
from monitor.store.policy import NO_SAMPLE, Policy
from monitor.store.retention import prune
from monitor.store.sealing import seal
from monitor.store.verification import verify

pytest.importorskip("duckdb", reason="sealing needs the extra `store`")

ROOT = Path(__file__).parents[3]
T0 = datetime(2024, 1, 1, tzinfo=UTC)
LATE = datetime(2030, 1, 1, tzinfo=UTC)


def pairs(made, numbers):
    """Measurements, three a day."""
    return [
        (*made.entry(n, time=T0 + timedelta(hours=8 * n), state=State.OK if n % 40 else State.DOWN), None)
        for n in numbers
    ]


class Disk:
    """Calls of the system that fail at the n-th one; how many there were."""

    def __init__(self, patch, fault):
        self.calls, self.failing, self._fault = 0, 0, fault
        for module, names in (
            (packs_module.os, ("write", "fdatasync", "fsync")),
            (segments_module.Path, ("rename", "unlink", "chmod", "mkdir")),
        ):
            for name in names:
                patch.setattr(module, name, self._counting(getattr(module, name), short=name == "write"))

    def _counting(self, call, *, short):
        def counted(*arguments, **options):
            self.calls += 1
            if self.calls == self.failing:
                if self._fault == "short":
                    return (
                        call(arguments[0], arguments[1][: len(arguments[1]) // 2])
                        if short
                        else call(*arguments, **options)
                    )
                raise OSError(self._fault, os.strerror(self._fault))
            return call(*arguments, **options)

        return counted

    def fail_at(self, number):
        """From now on count anew, and fail at this call."""
        self.calls, self.failing = 0, number


def ingest(store, made, first):
    """Ten more rows."""
    store.append_all(pairs(made, range(first, first + 10)))


WORK = {
    "ingest": lambda store, made, turn: ingest(store, made, 1000 + 10 * turn),
    "seal": lambda store, made, turn: seal(store.upkeep, LATE, piece=30, keep_ok=NO_SAMPLE),
    "compact": lambda store, made, turn: compact(store.upkeep),
    "prune": lambda store, made, turn: prune(store.upkeep, Policy()),
}


def done(work, fault):
    """Whether the work could be done; the store's own words are those for this fault."""
    try:
        work()
    except StoreFull:
        return fault != errno.ENOSPC and pytest.fail("the disk was not full")
    except StoreError as said:
        return fault == errno.ENOSPC and pytest.fail(f"the disk was full: {said}")
    return True


@pytest.mark.slow
@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO, "short"], ids=["ENOSPC", "EIO", "short"])
def test_a_fault_at_any_call_loses_nothing(folder, made, monkeypatch, work, fault):
    """Each call of the work fails once; then all rows are there, once, nothing is spoilt, and the work can be done."""
    with open_folder(folder) as store:
        store._writer._transaction.packs._pack_size = 20_000
        for first in range(0, 100, 10):
            ingest(store, made, first)
        while work != "ingest" and seal(store.upkeep, datetime(2024, 1, 25, tzinfo=UTC), piece=30, keep_ok=NO_SAMPLE):
            pass
        before = store.outcomes()
        disk = Disk(monkeypatch, fault)
        successes = turn = 0
        while disk.calls >= disk.failing:
            turn += 1
            disk.fail_at(turn)
            successes += done(lambda: WORK[work](store, made, turn), fault)  # noqa: B023 - called at once
            assert store.outcomes()[: len(before)] == before
        assert successes < turn or fault == "short"
        disk.failing = -1
        WORK[work](store, made, 0)
        assert len(store.outcomes()) >= 100 + 10 * successes * (work == "ingest")
        assert verify(store.upkeep).problems == ()
    with open_folder(folder) as again:
        assert verify(again.upkeep).problems == ()
        assert again.outcomes()[: len(before)] == before


def test_a_full_disk_of_the_engine_is_a_full_store(tmp_path, made):
    """Where Parquet files may not grow any more, sealing is StoreFull, and the rows stay where they are."""
    script = (
        "import sys, resource, signal, importlib.util; from pathlib import Path\n"
        "from datetime import datetime, UTC\n"
        "from monitor.store import StoreFull, open_folder\n"
        "from monitor.store.sealing import seal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "spec = importlib.util.spec_from_file_location('appender', sys.argv[2])\n"
        "made = importlib.util.module_from_spec(spec); spec.loader.exec_module(made)\n"
        "with open_folder(Path(sys.argv[1])) as store:\n"
        "    store.append_all((*made.entry(n), None) for n in range(50))\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))\n"
        "    try: seal(store.upkeep, datetime(2030, 1, 1, tzinfo=UTC))\n"
        "    except StoreFull: print('full')\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))\n"
        "    print(len(store.outcomes()), seal(store.upkeep, datetime(2030, 1, 1, tzinfo=UTC)).rows)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "data"), str(Path(__file__).with_name("appender.py"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.split() == ["full", "50", "50"], done.stderr


@pytest.mark.slow
def test_killed_at_its_steps_it_loses_nothing():
    """A few rounds of `benchmarks.store_faults`: SIGKILL while ingesting, sealing, merging, migrating and copying."""
    command = [sys.executable, "-m", "benchmarks.store_faults", "--rounds", "15"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost, doubled or spoilt: 0" in done.stdout


@pytest.mark.slow
def test_a_call_that_is_refused_below_sqlite_loses_nothing():
    """Writes, syncs and cuts of any file of the store fail once in the system itself: a sample of all calls."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler for the library that refuses")
    command = [sys.executable, "-m", "benchmarks.store_refusals", "--every", "110"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_segment_is_synced_before_its_rows_leave_the_tail(folder, made):
    """As the system sees it: the file is synced, renamed, its folder synced, and only then the log is synced."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    with open_folder(folder) as store:
        store.append_all(pairs(made, range(30)))
    script = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from monitor.store import open_folder; from monitor.store.sealing import seal\n"
        "with open_folder(Path(sys.argv[1])) as store:\n"
        "    seal(store.upkeep, datetime(2030, 1, 1, tzinfo=UTC)); print('acknowledged', flush=True)\n"
    )
    calls = "trace=write,pwrite64,fsync,fdatasync,rename"
    command = ["strace", "-f", "-y", "-e", calls, sys.executable, "-c", script, str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if "acknowledged" not in ended.stdout:
        pytest.skip("strace may not trace here")
    steps = [step for line in ended.stderr.splitlines() if (step := _step(line))]
    renamed = steps.index("rename segment")
    assert steps[renamed - 1] == "sync segment"
    assert steps[renamed + 1] == "sync folder"
    assert "sync log" in steps[renamed + 2 : steps.index("acknowledge")]
    assert "write log" in steps[renamed + 2 : steps.index("acknowledge")]


def _step(line):
    if "rename(" in line and ".parquet" in line:
        return "rename segment"
    for call, word in (("fdatasync(", "sync"), ("fsync(", "sync"), ("pwrite64(", "write")):
        if call in line:
            for file, name in ((".parquet>", "segment"), ("m=2024-01>", "folder"), ("store.db-wal>", "log")):
                if file in line:
                    return f"{word} {name}"
    return "acknowledge" if "write(1<" in line and "acknowledged" in line else ""

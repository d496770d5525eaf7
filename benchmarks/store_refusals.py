"""Lets the disk refuse every single call of a store in turn: no room, an input/output error, a short write.

    python -m benchmarks.store_refusals [--every 1]

One run of `tests/monitor/store/refused.py` (making a store, appending, judging again, sealing, merging) makes some
hundred writes, syncs and cuts; for each of them and each fault it is run with a preloaded library that fails exactly
that call. Afterwards everything that was acknowledged must be there, once, and the store must verify. Needs a C
compiler.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.store_faults import TESTS, made
from monitor.store import StoreError, open_folder
from monitor.store.verification import verify

FAULTS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "short write": 0}


def build(home: Path) -> Path:
    """The library that refuses, compiled; OSError or CalledProcessError where that is not possible."""
    library = home / "refuse.so"
    source = TESTS / "refusing_disk.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True, capture_output=True)
    return library


def refuse(library: Path, folder: Path, at: int, fault: int) -> tuple[int, list[str], str]:
    """Run once with the call `at` failing: how many calls there were, what was said, and the errors."""
    count = folder.with_name("count")
    count.write_text("0")
    told = {
        "LD_PRELOAD": str(library),
        "REFUSE_IN": str(folder),
        "REFUSE_AT": str(at),
        "REFUSE_WITH": str(fault),
        "REFUSE_COUNT": str(count),
    }
    command = [sys.executable, str(TESTS / "refused.py"), str(folder)]
    done = subprocess.run(command, env=os.environ | told, capture_output=True, text=True, check=False, timeout=120)
    return int(count.read_text()), done.stdout.split(), done.stderr


def problems(folder: Path, said: list[str], errors: str) -> list[str]:
    """What is wrong after a run: everything acknowledged must be there once, and nothing may be spoilt."""
    if said[-1:] != ["done"]:
        return [f"it ended early: {errors[-300:]}"]
    found: list[str] = []
    try:
        with open_folder(folder) as store:
            stored = Counter(outcome.measurement for outcome in store.outcomes())
            found += [f"{problem.where}: {problem.what}" for problem in verify(store.upkeep).problems]
    except StoreError as fault:
        return [str(fault)]
    for number in {int(word) for word in said[:-1]}:
        time = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        times = stored[made.entry(number, time=time)[1].measurement]
        if times != 1:
            found.append(f"measurement {number} is there {times} times")
    return found


def run(every: int) -> int:
    """All faults at all calls (or at every n-th), the table, and the exit code."""
    wrong: list[str] = []
    print("| fault | calls that failed in turn | acknowledged rows lost, doubled or spoilt |")
    print("|---|---|---|")
    with tempfile.TemporaryDirectory() as home:
        library = build(Path(home))
        for name, fault in FAULTS.items():
            runs, at, calls = 0, 1, 1
            before = len(wrong)
            while at <= calls:
                folder = Path(home, "data")
                calls, said, errors = refuse(library, folder, at, fault)
                wrong += [f"{name} at call {at}: {problem}" for problem in problems(folder, said, errors)]
                shutil.rmtree(folder, ignore_errors=True)
                runs, at = runs + 1, at + every
            print(f"| {name} | {runs} | {len(wrong) - before} |", flush=True)
    for problem in wrong[:20]:
        print(problem)
    return int(bool(wrong))


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th call")
    sys.exit(run(parser.parse_args().every))


if __name__ == "__main__":
    main()

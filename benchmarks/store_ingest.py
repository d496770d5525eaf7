"""Durable ingest while another process reads: our folder beside PostgreSQL with the same upserts, in turn.

    python -m benchmarks.store_ingest [--rounds 10] [--batches 30]

100 results are one batch, acknowledged when they are on disk: row, document, `latest`, hours and days in one
transaction. The peer is PostgreSQL 18 from PyPI with its own fsync, filled by our own store on PostgreSQL: rows are
sent in one go, `latest`, hours and days with one statement each a batch. 200 targets x 50 vantage points; beside each,
another process reads all newest states without a pause. Making the results is not timed.
"""

from __future__ import annotations

import argparse
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from benchmarks.store_faults import made
from monitor.model import Outcome
from monitor.store import Location, Servers, Store, open_store
from monitor.store.addresses import address
from probes.model import Measurement

BATCH = 100
PAIRS = 10_000
START = datetime(2025, 1, 1, tzinfo=UTC)

Given: TypeAlias = tuple[Measurement, Outcome, None]


def results() -> Iterator[Given]:
    """One result after the other, a round of all pairs each ten minutes."""
    number = 0
    while True:
        tick, pair = divmod(number, PAIRS)
        measurement, outcome = made.entry(
            number,
            time=START + timedelta(minutes=10 * tick, milliseconds=pair),
            target=f"target-{pair // 50:03d}",
            url=f"https://target-{pair // 50}.example/",
            vantage=f"vantage-{pair % 50:02d}",
        )
        yield measurement, outcome, None
        number += 1


def look(where: Location) -> None:
    """Between the lines that come in, `go` and `stop`, read all newest states; answer how often."""
    with open_store(where, read_only=True) as store:
        while sys.stdin.readline():
            looks = 0
            while not select.select([sys.stdin], [], [], 0)[0]:
                store.latest()
                looks += 1
            sys.stdin.readline()
            print(looks, flush=True)


class Side:
    """One store, its reader in another process, and the results that come next. State: rates and looks so far."""

    def __init__(self, where: str, location: Location, held: ExitStack) -> None:
        self.store: Store = held.enter_context(open_store(location))
        self.rates: list[float] = []
        self.looks = 0
        self._coming = results()
        self.store.append_all(next(self._coming) for _ in range(PAIRS))
        command = [sys.executable, "-m", "benchmarks.store_ingest", "--look", where]
        self._reader = held.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        )
        held.callback(self._reader.stdin.close)  # type: ignore[union-attr]

    def round(self, batches: int) -> None:
        """Append so many batches, one after the other, while the reader reads."""
        given = [[next(self._coming) for _ in range(BATCH)] for _ in range(batches)]
        self._say("go")
        began = time.perf_counter()
        for batch in given:
            assert all(self.store.append_all(batch))
        self.rates.append(batches * BATCH / (time.perf_counter() - began))
        self._say("stop")
        self.looks += int(self._reader.stdout.readline())  # type: ignore[union-attr]

    def _say(self, word: str) -> None:
        self._reader.stdin.write(f"{word}\n")  # type: ignore[union-attr]


def location(where: str) -> Location:
    """A folder, or PostgreSQL for both halves."""
    if "://" not in where:
        return Path(where)
    return Servers(folder=Path(), measurements=address(where), state=address(where))


def measure(rounds: int, batches: int) -> None:
    """Append in turn, and print rates and their ratio."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.monitor.store.engines import Postgres, packaged_postgres  # noqa: PLC0415 - starts a real server

    with ExitStack() as held:
        home = Path(tempfile.mkdtemp(prefix="pc-ingest-"))
        held.callback(shutil.rmtree, home, ignore_errors=True)
        server = Postgres(packaged_postgres())
        held.callback(server.kill)
        places = {"press canary": str(home / "data"), "PostgreSQL": server.database()}
        sides = {name: Side(where, location(where), held) for name, where in places.items()}
        for turn in range(rounds + 1):
            for side in sides.values():
                side.round(batches)
                if not turn:  # the first one warms up
                    side.rates.clear()
        _report(sides, rounds, batches)


def _report(sides: dict[str, Side], rounds: int, batches: int) -> None:
    print("| store | results/s | whole reads beside it |\n|---|---|---|")
    for name, side in sides.items():
        print(f"| {name} | {_spread(side.rates, 0)} | {side.looks} |")
    ours, peer = (side.rates for side in sides.values())
    ratio = [mine / other for mine, other in zip(ours, peer, strict=True)]
    print(f"\nours ÷ PostgreSQL, within a round: {_spread(ratio, 2)}; {rounds} rounds of {batches} batches of {BATCH}")


def _spread(values: list[float], places: int) -> str:
    least, middle, most = min(values), statistics.median(values), max(values)
    return f"{middle:,.{places}f} ({least:,.{places}f}–{most:,.{places}f})"


def main() -> None:
    """Read the arguments and measure, or be the reader."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--batches", type=int, default=30)
    parser.add_argument("--look", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.look:
        look(location(given.look))
    else:
        measure(given.rounds, given.batches)


if __name__ == "__main__":
    main()

"""The store's questions over a year, beside DuckDB's own file, chDB and PostgreSQL, on the same rows in the same run.

    python -m benchmarks.store_speed [--rows 5_000_000] [--rounds 5]

200 targets x 50 vantage points, evenly over a year. Our months are made as `seal` makes them; the last tick is in the
tail. The peers are loaded from our files with the columns that the questions need. The table says medians and ratios; a
peer that is not installed is left out, by name.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.store_faults import made
from monitor.model import State
from monitor.store import open_folder, segments
from monitor.store.archive import SEALED, quoted
from monitor.store.scan import Scan, scan
from monitor.store.sealing import write
from monitor.store.sqlite import SQLiteStore
from monitor.store.times import DAY, HOUR, microseconds
from monitor.store.upkeep import Upkeep, quiet

TARGETS, VANTAGES = 200, 50
PAIRS = TARGETS * VANTAGES
START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = 365 * DAY
BEGIN = microseconds(START)
END = BEGIN + YEAR
NEEDED = "target, vantage, network, time, state, total, measurement"

_TEXTS = {
    "target": "'target-' || lpad((pair // 50)::VARCHAR, 3, '0')",
    "url": "'https://target-' || (pair // 50)::VARCHAR || '.example/'",
    "vantage": "'vantage-' || lpad((pair % 50)::VARCHAR, 2, '0')",
    "country": "'C' || (pair % 50 // 10)::VARCHAR",
    "network": "'AS' || (8000 + pair % 50 // 2)::VARCHAR",
    "role": "'vantage'",
    "state": "CASE WHEN h % 100 < 93 THEN 'ok' WHEN h % 100 < 96 THEN 'blocked' WHEN h % 100 < 98 THEN 'down' "
    "ELSE 'insufficient' END",
    "rule_id": "CASE WHEN h % 100 < 93 THEN 'page.ok' ELSE 'tls.reset' END",
    "locus": "'unknown'",
    "evidence": "'none'",
    "ruleset": "'2024-03-01'",
    "also": "'[]'",
    "protocol": "'h2'",
    "tls_version": "'TLSv1.3'",
    "vantage_kind": "'local'",
    "measurement": "unhex(md5(i::VARCHAR))",
    "seq": "i + 1",
    "time": "moment",
    "status": "200",
    "body_length": "40000 + h % 20000",
}
_SECONDS = {"dns": 20, "tcp": 50, "tls": 90, "first_byte": 150, "total": 400}
_NOTHING = frozenset({"layer", "technique", "failure", "certificate_expiry", "original"})

Ask = Callable[[], list[tuple[Any, ...]]]


def month_rows(first: int, last: int, ticks: int) -> str:
    """The SELECT of the ticks of one month in the columns of a segment."""
    columns = []
    for name in SEALED:
        if name in _SECONDS:
            columns.append(f"round((hash(i, '{name}') % 1000000) / 1000000.0 * {_SECONDS[name]} / 1000, 6) AS {name}")
        elif name in _NOTHING:
            columns.append(f"NULL::{'BLOB' if name == 'original' else 'VARCHAR'} AS {name}")
        else:
            columns.append(f"{_TEXTS.get(name, '0::BIGINT')} AS {name}")
    step = YEAR // ticks
    return (
        f"FROM (SELECT {', '.join(columns)} FROM (SELECT i, i % {PAIRS} AS pair, hash(i) AS h, "
        f"{BEGIN} + (i // {PAIRS}) * {step} + (i % {PAIRS}) * 1000 AS moment "
        f"FROM range({first * PAIRS}, {last * PAIRS}) AS source(i)))"
    )


def fill(store: SQLiteStore, ticks: int) -> float:
    """A year of sealed months, and the last tick in the tail; seconds for the months."""
    began = time.perf_counter()
    upkeep, step = store.upkeep, YEAR // ticks
    by_month: dict[str, list[int]] = {}
    for tick in range(ticks - 1):
        by_month.setdefault(segments.month_of(BEGIN + tick * step), []).append(tick)
    for month, found in by_month.items():
        with upkeep.archive.engine.session() as session:
            number = upkeep.read(segments.next_id)
            rows = month_rows(found[0], found[-1] + 1, ticks)
            written = write(upkeep, session, number, month, told=quiet, source=rows)
        upkeep.write(lambda transaction, it=written: segments.enter(transaction.connection, it))
    took = time.perf_counter() - began
    last = START + timedelta(microseconds=(ticks - 1) * step)
    store.append_all(
        (
            *made.entry(
                pair,
                time=last + timedelta(milliseconds=pair),
                target=f"target-{pair // 50:03d}",
                url=f"https://target-{pair // 50}.example/",
                vantage=f"vantage-{pair % 50:02d}",
                state=State.OK,
            ),
            None,
        )
        for pair in range(PAIRS)
    )
    return took


QUESTIONS = {
    "heat map, 90 days": (
        "SELECT vantage, time // {DAY} AS d, state, count(*) FROM result "
        "WHERE target = 'target-077' AND time >= {recent} GROUP BY vantage, d, state"
    ),
    "hourly, a year": (
        "SELECT time // {HOUR} AS d, state, count(*) FROM result WHERE target = 'target-077' GROUP BY d, state"
    ),
    "full scan": (
        "SELECT target, network, time // {DAY} AS d, count(*), count(CASE WHEN state = 'blocked' THEN 1 END), "
        "sum(total) FROM result GROUP BY target, network, d"
    ),
}
_NUMBERS = {"DAY": DAY, "HOUR": HOUR, "recent": END - 90 * DAY}


def ours(store: SQLiteStore, home: Path) -> dict[str, Ask]:
    """Our questions, put to the open store."""
    del home
    upkeep: Upkeep = store.upkeep
    asks: dict[str, Ask] = {
        "latest of all pairs": lambda: upkeep.read(
            lambda connection: connection.execute("SELECT target, vantage, time, state FROM latest").fetchall()
        )
    }
    for name, text in QUESTIONS.items():
        since = _NUMBERS["recent"] if "recent" in text else BEGIN
        asks[name] = _scanning(upkeep, text, since)
    return asks


def _scanning(upkeep: Upkeep, text: str, since: int) -> Ask:
    asked = Scan(
        statement=text.format(**_NUMBERS),
        columns=("target", "vantage", "network", "time", "state", "total"),
        target="target-077" if "target-077" in text else None,
        since=since,
    )
    return lambda: scan(upkeep, asked)


def duckdb_file(store: SQLiteStore, home: Path) -> dict[str, Ask]:
    """DuckDB's own file with the same rows."""
    connection = duckdb.connect(str(home / "peer.duckdb"), config={"threads": 2})
    source = _source(store)
    connection.execute(f"CREATE TABLE result AS SELECT {NEEDED} FROM {source} ORDER BY target, vantage, time")
    connection.execute("CHECKPOINT")
    latest = (
        f"SELECT target, vantage, max(time), arg_max(state, time) FROM result WHERE time >= {END - 2 * DAY} "
        "GROUP BY target, vantage"
    )
    texts = {"latest of all pairs": latest} | {name: text.format(**_NUMBERS) for name, text in QUESTIONS.items()}
    return {name: lambda text=text: connection.execute(text).fetchall() for name, text in texts.items()}  # type: ignore[misc]


def chdb_engine(store: SQLiteStore, home: Path) -> dict[str, Ask]:
    """ClickHouse in a process: MergeTree in the order of our files."""
    from chdb.session import Session  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - optional

    session = Session(str(home / "peer.chdb"))
    files = f"file('{store.upkeep.folder.segments}/*/*.parquet', Parquet)"
    session.query(
        "CREATE TABLE result (target LowCardinality(String), vantage LowCardinality(String), "
        "network LowCardinality(String), time Int64, "
        "state LowCardinality(String), total Float64, measurement String) ENGINE = MergeTree "
        "PARTITION BY toYYYYMM(fromUnixTimestamp64Micro(time)) ORDER BY (target, vantage, time)"
    )
    session.query(f"INSERT INTO result SELECT {NEEDED} FROM {files}")
    session.query("OPTIMIZE TABLE result FINAL")
    latest = (
        f"SELECT target, vantage, max(time), argMax(state, time) FROM result WHERE time >= {END - 2 * DAY} "
        "GROUP BY target, vantage"
    )
    texts = {"latest of all pairs": latest} | {
        name: text.format(**_NUMBERS).replace("time // ", "intDiv(time, ").replace(" AS d", ") AS d")
        for name, text in QUESTIONS.items()
    }
    return {name: lambda text=text: [(str(session.query(text, "Null")),)] for name, text in texts.items()}  # type: ignore[misc]


def postgres(store: SQLiteStore, home: Path) -> dict[str, Ask]:
    """PostgreSQL 18 from PyPI, one table with the key (target, vantage, time)."""
    import psycopg  # noqa: PLC0415 - optional

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.monitor.store.engines import Postgres, packaged_postgres  # noqa: PLC0415 - starts a real server

    server = Postgres(packaged_postgres())
    _SERVERS.append(server)
    connection = psycopg.connect(f"host=127.0.0.1 port={server.port} user=canary dbname=postgres", autocommit=True)
    connection.execute(
        "CREATE TABLE result (target text, vantage text, network text, time bigint, "
        "state text, total float8, measurement text)"
    )
    csv = home / "rows.csv"
    duckdb.sql(
        f"COPY (SELECT {NEEDED.replace('measurement', 'hex(measurement)')} FROM {_source(store)}) TO {quoted(csv)}"
    )
    with csv.open("rb") as file, connection.cursor().copy("COPY result FROM STDIN (FORMAT csv, HEADER)") as copy:
        while piece := file.read(1 << 20):
            copy.write(piece)
    csv.unlink()
    connection.execute("CREATE UNIQUE INDEX ON result (target, vantage, time)")
    connection.execute("CREATE INDEX ON result (time)")
    connection.execute("VACUUM ANALYZE result")
    latest = (
        f"SELECT DISTINCT ON (target, vantage) target, vantage, time, state FROM result WHERE time >= {END - 2 * DAY} "
    )
    texts = {"latest of all pairs": latest + "ORDER BY target, vantage, time DESC"} | {
        name: text.format(**_NUMBERS).replace("//", "/") for name, text in QUESTIONS.items()
    }
    return {name: lambda text=text: connection.execute(text).fetchall() for name, text in texts.items()}  # type: ignore[misc, arg-type]


_SERVERS: list[Any] = []
ENGINES: dict[str, Callable[[SQLiteStore, Path], dict[str, Ask]]] = {
    "press canary": ours,
    "DuckDB file": duckdb_file,
    "chDB": chdb_engine,
    "PostgreSQL": postgres,
}


def _source(store: SQLiteStore) -> str:
    return f"read_parquet({quoted(store.upkeep.folder.segments / '*' / '*.parquet')}, hive_partitioning = false)"


def measure(rows: int, rounds: int) -> None:
    """Fill, load the peers, ask in turn, and print the tables."""
    home = Path(tempfile.mkdtemp(prefix="pc-speed-"))
    try:
        with open_folder(home / "data") as store:
            took = fill(store, max(rows // PAIRS, 2))
            sizes = store.upkeep.read(segments.live)
            sealed, size = sum(it.rows for it in sizes), sum(it.size for it in sizes)
            print(
                f"{sealed:,} sealed rows written in {took:.1f} s, {size / sealed:.1f} bytes a row; 10,000 in the tail",
                flush=True,
            )
            asks = {name: asked for name, make in ENGINES.items() if (asked := _made(name, make, store, home))}
            _table(asks, rounds)
    finally:
        for server in _SERVERS:
            server.stop() if hasattr(server, "stop") else server.kill()
        shutil.rmtree(home, ignore_errors=True)
    print(f"\nmost memory, peers included: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def _made(
    name: str, make: Callable[[SQLiteStore, Path], dict[str, Ask]], store: SQLiteStore, home: Path
) -> dict[str, Ask] | None:
    began = time.perf_counter()
    try:
        asked = make(store, home)
    except ImportError as missing:
        print(f"{name} is left out: {missing}")
        return None
    print(f"{name}: ready after {time.perf_counter() - began:.1f} s", flush=True)
    return asked


def _table(asks: dict[str, dict[str, Ask]], rounds: int) -> None:
    names = list(asks)
    print("\n| question | " + " | ".join(f"{name}, ms" for name in names) + " | ours ÷ each peer |")
    print("|---|" + "---|" * (len(names) + 1))
    for question in asks["press canary"]:
        times: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(rounds + 1):
            for name in names:
                began = time.perf_counter()
                asks[name][question]()
                if turn:  # the first one warms up
                    times[name].append((time.perf_counter() - began) * 1000)
        median = {name: statistics.median(found) for name, found in times.items()}
        told = [f"{median[name]:.1f} ({min(times[name]):.1f}–{max(times[name]):.1f})" for name in names]
        ratios = ", ".join(f"{name} {median['press canary'] / median[name]:.2f}" for name in names[1:])
        print(f"| {question} | {' | '.join(told)} | {ratios} |", flush=True)


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    measure(given.rows, given.rounds)


if __name__ == "__main__":
    main()

"""The store's questions over a year, beside DuckDB's own file, chDB and PostgreSQL, on the same rows in the same run.

    python -m benchmarks.store_speed [--rows 5_000_000] [--rounds 5]

200 targets x 50 vantage points, evenly over a year. Our months are made as `seal` makes them, the rollups as ingest
would have left them; the last tick is in the tail. The peers are loaded with the same rows and the columns that the
questions need, sorted by the key that serves them. Every answer is handed over as rows in Python, and must be the same
rows everywhere before anything is timed. The table says medians and ratios; a peer that is not installed is left out,
by name.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.store_faults import made
from monitor.model import State
from monitor.store import open_folder, rollups, segments
from monitor.store.archive import LAYOUT, SEALED, quoted
from monitor.store.scan import Scan, scan
from monitor.store.sealing import write
from monitor.store.sql import places
from monitor.store.sqlite import SQLiteStore
from monitor.store.symbols import Texts
from monitor.store.times import DAY, HOUR, microseconds
from monitor.store.transaction import Transaction
from monitor.store.upkeep import Upkeep, quiet

TARGETS, VANTAGES = 200, 50
PAIRS = TARGETS * VANTAGES
START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = 365 * DAY
BEGIN = microseconds(START)
END = BEGIN + YEAR
ROWS = "rows.parquet"
FILLING = "4GB"
"""What the engine may hold while the year is made, so that it need not spill; then the store's own bound holds."""
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
_NOTHING = frozenset({"layer", "technique", "failure", "certificate_expiry", "original", "ipv4", "ipv6"})

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
            session.execute(f"SET memory_limit = '{FILLING}'")
            number = upkeep.read(segments.next_id)
            rows = month_rows(found[0], found[-1] + 1, ticks)
            written = write(upkeep, session, number, month, told=quiet, source=rows)
        upkeep.write(lambda transaction, it=written: segments.enter(transaction.connection, it))
        _count(upkeep, written)
    upkeep.archive.engine.close()
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


def _count(upkeep: Upkeep, written: segments.Written) -> None:
    """Fill hours and days from a month, as ingest would have."""
    states = ", ".join(f"count(*) FILTER (state = '{state.value}')" for state in State)
    texts = [name for name in rollups.HOURLY.group if name in LAYOUT.symbols]
    source = f"read_parquet({quoted(upkeep.folder.path / written.path)}, hive_partitioning = false)"

    def write_counts(transaction: Transaction) -> None:
        with upkeep.archive.engine.session() as session:
            session.execute("CREATE OR REPLACE TEMP TABLE symbol (text VARCHAR, id BIGINT)")
            named = " UNION ".join(f"SELECT {name} FROM {source}" for name in texts)
            rows = [(text, transaction.symbols(text)) for (text,) in session.execute(named).fetchall()]
            session.executemany("INSERT INTO symbol VALUES (?, ?)", rows)
            for series in rollups.SERIES:
                ids = ", ".join(
                    f"(SELECT id FROM symbol WHERE text = {name})" if name in texts else name for name in series.key
                )
                counted = (
                    f"SELECT {', '.join(series.group)}, time // {series.width} AS {series.unit}, {states}, "
                    f"count(total), sum(round(total * 1e6)::BIGINT)::BIGINT FROM {source} GROUP BY ALL"
                )
                session.execute(f"SELECT {ids}, * EXCLUDE ({', '.join(series.key)}) FROM ({counted}) ORDER BY 1, 2, 3")
                insertion = f"INSERT INTO {series.table} VALUES {places(len(series.key) + len(State) + 2)}"
                while counts := session.fetchmany(50_000):
                    transaction.connection.executemany(insertion, counts)

    upkeep.write(write_counts)


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
MONTH = "one month to Parquet"
JUNE, JULY = (microseconds(datetime(2025, month, 1, tzinfo=UTC)) for month in (6, 7))
_MONTH = f"SELECT {NEEDED} FROM result WHERE target = 'target-077' AND time >= {JUNE} AND time < {JULY}"
COUNTED = {
    "heat map, 90 days": ("daily", "vantage", _NUMBERS["recent"] // DAY),
    "hourly, a year": ("hourly", None, None),
}
"""What our store answers from its rollups: the table, by what, and from when on."""


def ours(store: SQLiteStore, home: Path) -> dict[str, Ask]:
    """Our questions, put to the open store."""
    upkeep, texts = store.upkeep, Texts()
    month = Scan(
        statement=f"COPY ({_MONTH}) TO {quoted(home / 'ours.parquet')} (FORMAT parquet, COMPRESSION zstd)",
        columns=tuple(NEEDED.split(", ")),
        target="target-077",
        since=JUNE,
        until=JULY,
    )
    whole = Scan(
        statement=QUESTIONS["full scan"].format(**_NUMBERS), columns=("target", "network", "time", "state", "total")
    )
    return {
        "latest of all pairs": lambda: upkeep.read(lambda connection: _latest(connection, texts)),
        **{name: _counting(upkeep, texts, *asked) for name, asked in COUNTED.items()},
        "full scan": lambda: scan(upkeep, whole),
        MONTH: lambda: scan(upkeep, month),
    }


def _latest(connection: sqlite3.Connection, texts: Texts) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.row_factory = None
    found = cursor.execute("SELECT target, vantage, time, state FROM latest").fetchall()
    texts.refresh(connection)
    return [(texts[target], texts[vantage], time, texts[state]) for target, vantage, time, state in found]


def _counting(upkeep: Upkeep, texts: Texts, table: str, by: str | None, since: int | None) -> Ask:
    return lambda: upkeep.read(
        lambda connection: rollups.series(connection, texts, table, target="target-077", by=by, since=since)
    )


def _answer(question: str, rows: list[tuple[Any, ...]], engine: str) -> list[tuple[str, ...]]:
    """Rows in one form for all engines: our counts side by side become a row per state, sums of floats are left out."""
    if engine == "press canary" and question in COUNTED:
        by = COUNTED[question][1] is not None
        rows = [
            (*((row[1], row[0]) if by else (row[0],)), state.value, count)
            for row in rows
            for state, count in zip(State, row[2 if by else 1 :], strict=True)
            if count
        ]
    return sorted(tuple(map(str, row[:5])) for row in rows)


def hand_over(store: SQLiteStore, home: Path) -> None:
    """All rows, tail included, as the file that the peers are loaded from."""
    to = quoted(home / ROWS)
    statement = f"COPY (SELECT {NEEDED} FROM result) TO {to} (FORMAT parquet)"
    scan(store.upkeep, Scan(statement=statement, columns=tuple(NEEDED.split(", "))))


def duckdb_file(home: Path) -> dict[str, Ask]:
    """DuckDB's own file with the same rows."""
    import duckdb  # noqa: PLC0415 - as below: our memory at rest is without it

    connection = duckdb.connect(str(home / "peer.duckdb"), config={"threads": 2})
    connection.execute(f"CREATE TABLE result AS FROM {quoted(home / ROWS)} ORDER BY target, vantage, time")
    connection.execute("CHECKPOINT")
    latest = (
        f"SELECT target, vantage, max(time), arg_max(state, time) FROM result WHERE time >= {END - 2 * DAY} "
        "GROUP BY target, vantage"
    )
    month = f"COPY ({_MONTH}) TO {quoted(home / 'duckdb.parquet')} (FORMAT parquet, COMPRESSION zstd)"
    texts = {"latest of all pairs": latest} | {name: text.format(**_NUMBERS) for name, text in QUESTIONS.items()}
    texts[MONTH] = month
    return {name: lambda text=text: connection.execute(text).fetchall() for name, text in texts.items()}  # type: ignore[misc]


def chdb_engine(home: Path) -> dict[str, Ask]:
    """ClickHouse in a process: MergeTree in the order of our files."""
    from chdb.session import Session  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - optional

    session = Session(str(home / "peer.chdb"))
    session.query(
        "CREATE TABLE result (target LowCardinality(String), vantage LowCardinality(String), "
        "network LowCardinality(String), time Int64, "
        "state LowCardinality(String), total Float64, measurement String) ENGINE = MergeTree "
        "PARTITION BY toYYYYMM(fromUnixTimestamp64Micro(time)) ORDER BY (target, vantage, time)"
    )
    session.query(f"INSERT INTO result SELECT {NEEDED} FROM file('{home / ROWS}', Parquet)")
    session.query("OPTIMIZE TABLE result FINAL")
    latest = (
        f"SELECT target, vantage, max(time), argMax(state, time) FROM result WHERE time >= {END - 2 * DAY} "
        "GROUP BY target, vantage"
    )
    texts = {"latest of all pairs": latest} | {
        name: text.format(**_NUMBERS).replace("time // ", "intDiv(time, ").replace(" AS d", ") AS d")
        for name, text in QUESTIONS.items()
    }
    texts[MONTH] = (
        f"INSERT INTO FUNCTION file('{home / 'chdb.parquet'}', Parquet) {_MONTH} "
        "SETTINGS engine_file_truncate_on_insert = 1, output_format_parquet_compression_method = 'zstd'"
    )

    def handed(text: str) -> list[tuple[Any, ...]]:
        return [tuple(line.split("\t")) for line in session.query(text, "TabSeparated").bytes().decode().splitlines()]

    return {name: lambda text=text: handed(text) for name, text in texts.items()}  # type: ignore[misc]


def postgres(home: Path) -> dict[str, Ask]:
    """PostgreSQL 18 from PyPI, one table with the key (target, vantage, time)."""
    import duckdb  # noqa: PLC0415
    import psycopg  # noqa: PLC0415 - optional

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.monitor.store.engines import Postgres, packaged_postgres  # noqa: PLC0415 - starts a real server

    server = Postgres(packaged_postgres())
    _SERVERS.append(server)
    connection = psycopg.connect(f"host=127.0.0.1 port={server.port} user=canary dbname=postgres", autocommit=True)
    connection.execute(
        "CREATE UNLOGGED TABLE result (target text, vantage text, network text, time bigint, "
        "state text, total float8, measurement text)"
    )
    connection.execute("SET maintenance_work_mem = '1GB'")
    csv = home / "rows.csv"
    duckdb.sql(
        f"COPY (SELECT {NEEDED.replace('measurement', 'hex(measurement)')} FROM {quoted(home / ROWS)}) TO {quoted(csv)}"
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

    def to_parquet() -> list[tuple[Any, ...]]:
        """It writes none itself: its fastest way out, and DuckDB."""
        with csv.open("wb") as file, connection.cursor().copy(f"COPY ({_MONTH}) TO STDOUT (FORMAT csv)") as copy:  # type: ignore[arg-type]
            for piece in copy:
                file.write(piece)
        to = quoted(home / "postgres.parquet")
        with duckdb.connect() as writer:
            writer.execute(f"COPY (FROM read_csv({quoted(csv)})) TO {to} (FORMAT parquet, COMPRESSION zstd)")
        return []

    return {name: lambda text=text: connection.execute(text).fetchall() for name, text in texts.items()} | {  # type: ignore[misc, arg-type]
        MONTH: to_parquet
    }


_SERVERS: list[Any] = []
PEERS: dict[str, Callable[[Path], dict[str, Ask]]] = {
    "DuckDB file": duckdb_file,
    "chDB": chdb_engine,
    "PostgreSQL": postgres,
}


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
            asks = {"press canary": ours(store, home)}
            hand_over(store, home)
            asks |= {name: asked for name, make in PEERS.items() if (asked := _made(name, make, home))}
            _compare(asks)
            _table(asks, rounds)
            _memory(asks["press canary"], home)
    finally:
        for server in _SERVERS:
            server.stop() if hasattr(server, "stop") else server.kill()
        shutil.rmtree(home, ignore_errors=True)


def _made(name: str, make: Callable[[Path], dict[str, Ask]], home: Path) -> dict[str, Ask] | None:
    began = time.perf_counter()
    try:
        asked = make(home)
    except ImportError as missing:
        print(f"{name} is left out: {missing}")
        return None
    print(f"{name}: ready after {time.perf_counter() - began:.1f} s", flush=True)
    return asked


def _compare(asks: dict[str, dict[str, Ask]]) -> None:
    """Everybody's answers must be ours: the same rows."""
    for question in (*QUESTIONS, "latest of all pairs"):
        expected = _answer(question, asks["press canary"][question](), "press canary")
        for name, asked in asks.items():
            if _answer(question, asked[question](), name) != expected:
                raise SystemExit(f"{name} answers {question!r} otherwise than press canary")
        print(f"{question}: {len(expected):,} rows, the same from all", flush=True)


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


REST = "at rest"


def _memory(asked: Iterable[str], home: Path) -> None:
    """What each of our questions needs, in a process of its own that was just started."""
    print("\n| question | most memory, MB |\n|---|---|")
    for question in (REST, *asked):
        command = [sys.executable, "-m", "benchmarks.store_speed", "--home", str(home), "--ask", question]
        print(f"| {question} | {subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()} |")


def ask(home: Path, question: str) -> None:
    """Put one question to the store, and print the most memory (RSS, MB) that this process had."""
    with open_folder(home / "data", read_only=True) as store:
        asks = ours(store, home)
        if question != REST:
            asks[question]()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)


def main() -> None:
    """Read the arguments and measure, or put one question."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ask:
        ask(given.home, given.ask)
    else:
        measure(given.rows, given.rounds)


if __name__ == "__main__":
    main()

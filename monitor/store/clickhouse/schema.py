"""The tables' shape, for the server that was found: modern where it can be, with fallbacks down to 18.16."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.store import ledger
from monitor.store.clickhouse.http import Server
from monitor.store.errors import StoreError, StoreMissing
from monitor.store.schema import Migration
from monitor.store.sql import sentence
from monitor.store.times import microseconds

TABLES = {
    "document": "sha256",
    "observation": "target",
    "latest": "target",
    "page_state": "target",
    "cell": "target",
    "finding": "target",
}
"""Each table and the column by which its rows are dealt to the shards."""

_VERSIONED = {"observation": "revision", "latest": "revision", "finding": "revision"}
_MODERN = (21, 8)
"""From here on (2021): column codecs, LowCardinality, bloom filters, and fsync of parts before an insert is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What the server is: its version, the name of the cluster it belongs to (empty for a single one), the quorum."""

    version: tuple[int, ...]
    cluster: str = ""
    quorum: int = 1

    @property
    def modern(self) -> bool:
        """Whether the server knows what came after the oldest one that is served."""
        return self.version >= _MODERN

    @property
    def durable(self) -> dict[str, Any]:
        """Settings of an insert that is done when it is kept by every shard it goes to, on `quorum` replicas of each.

        Blocks are not compared with earlier ones: a block that was written by an attempt that died before the
        materialised views were fed would be taken for done, and the keys make rows that come twice one.
        """
        quorum = {"insert_quorum": self.quorum} if self.quorum > 1 else {}
        modern = {"async_insert": 0} if self.modern else {}
        return {"insert_distributed_sync": 1, "insert_deduplicate": 0, **self.reading, **quorum, **modern}

    @property
    def reading(self) -> dict[str, Any]:
        """Settings of a question: always the same replica first, so that what was written is found.

        18.16 takes a buffer for each column of each part that FINAL merges, by default of 1 MiB.
        """
        merged: dict[str, Any] = (
            {"do_not_merge_across_partitions_select_final": 1} if self.modern else {"max_read_buffer_size": 65536}
        )
        return merged | ({"load_balancing": "in_order"} if self.cluster else {})


def known() -> tuple[Migration, ...]:
    """The migrations that this version knows, in order."""
    return ledger.shipped("monitor.store.clickhouse")


def find(server: Server) -> Build:
    """Ask the server what it is; StoreError where the cluster that the address names is not known there."""
    ((said,),) = server.rows("SELECT version()")
    version = tuple(int(part) for part in said.split(".")[:2])
    cluster = server.address.options.get("cluster", "")
    if not cluster:
        return Build(version=version)
    question = "SELECT shard_num, count() FROM system.clusters WHERE cluster = %(cluster)s GROUP BY shard_num"
    shards = server.rows(question, {"cluster": cluster})
    if not shards or not cluster.replace("_", "").isalnum():
        raise StoreError(f"{server.address} knows no cluster {cluster!r}: see remote_servers in its configuration")
    fewest = min(replicas for _, replicas in shards)
    return Build(version=version, cluster=cluster, quorum=int(server.address.options.get("quorum", min(fewest, 2))))


def migrate(server: Server, build: Build, now: datetime) -> None:
    """Bring the tables up to the newest version; each statement may be repeated, so a crash leaves nothing undone."""
    words = _words(server.address.database, build)
    settings = {"distributed_ddl_task_timeout": 60} if build.cluster else {}
    server.execute(_LEDGER.format(**words), **settings)
    for step in ledger.missing(_applied(server, build), known(), server.address):
        for piece in ledger.pieces(step.sql):
            statement = piece.format(**words)
            if not _has_column(server, statement):
                server.execute(statement, **settings, **_allowed(build))
        for table, key in TABLES.items() if build.cluster else ():
            if (
                f"ALTER TABLE {{database}}.{table}{{local}}" in step.sql
            ):  # it holds nothing; 18.16 cannot alter it there
                server.execute(_UNDISTRIBUTED.format(table=table, **words), **settings)
            server.execute(_DISTRIBUTED.format(table=table, key=key, **words), **settings)
        row = {"version": step.version, "applied": microseconds(now), "checksum": step.checksum}
        server.insert("schema_migration", [row])


def check(server: Server, build: Build) -> None:
    """Raise StoreMissing where nothing was made yet, StoreNewer or StoreDamaged where it is not ours."""
    question = "SELECT count() FROM system.tables WHERE database = %(database)s AND name = 'schema_migration'"
    made = server.rows(question, {"database": server.address.database}) != [(0,)]
    applied = _applied(server, build) if made else {}
    ledger.missing(applied, known(), server.address)
    if not applied:
        raise StoreMissing(f"there is no store at {server.address} yet: `presscanary run` or `import` makes one")


_LEDGER = (
    "CREATE TABLE IF NOT EXISTS {database}.schema_migration{everywhere} "
    "(version UInt32, applied Int64, checksum String) "
    "ENGINE = {engine}MergeTree{path[schema_migration]} ORDER BY version"
)
_UNDISTRIBUTED = "DROP TABLE IF EXISTS {database}.{table}{everywhere}"
_ADDED = re.compile(r"ALTER TABLE \w+\.(?P<table>\w+).* ADD COLUMN (?P<name>\w+) ")
_DISTRIBUTED = (
    "CREATE TABLE IF NOT EXISTS {database}.{table}{everywhere} AS {database}.{table}{local} "
    "ENGINE = Distributed({cluster}, {database}, {table}{local}, cityHash64({key}))"
)


def _has_column(server: Server, statement: str) -> bool:
    """Whether a statement adds a column that is there: 18.16 knows no IF NOT EXISTS for columns."""
    added = _ADDED.match(statement)
    if added is None:
        return False
    same = "database = %(database)s AND table = %(table)s AND name = %(name)s"
    given = {"database": server.address.database, **added.groupdict()}
    return server.rows(sentence("SELECT count() FROM system.columns WHERE", same), given) != [(0,)]


def _applied(server: Server, build: Build) -> dict[int, str]:
    # Each checksum that was ever written for a version, so that two collectors that start together are no damage.
    found = server.rows(
        "SELECT version, any(checksum), uniq(checksum) FROM schema_migration GROUP BY version", **build.reading
    )
    return {version: checksum if sorts == 1 else "" for version, checksum, sorts in found}


def _allowed(build: Build) -> Mapping[str, Any]:
    return {"allow_suspicious_low_cardinality_types": 1} if build.modern else {}


def _words(database: str, build: Build) -> dict[str, Any]:
    """What the words in braces stand for on this server."""
    modern, cluster = build.modern, build.cluster
    names = (*TABLES, "schema_migration")
    return {
        "database": database,
        "cluster": cluster,
        "local": "_local" if cluster else "",
        "everywhere": f" ON CLUSTER {cluster}" if cluster else "",
        "engine": "Replicated" if cluster else "",
        "path": {name: _path(database, name, replicated=bool(cluster)) for name in names},
        "word": "LowCardinality(String)" if modern else "String",
        "word_or_null": "LowCardinality(Nullable(String))" if modern else "Nullable(String)",
        "plain": " CODEC(ZSTD(1))" if modern else "",
        "delta": " CODEC(Delta, ZSTD(1))" if modern else "",
        "dense": " CODEC(ZSTD(3))" if modern else "",
        "index": ",\n    INDEX by_measurement measurement TYPE bloom_filter GRANULARITY 1,\n"
        "    INDEX by_url url TYPE bloom_filter GRANULARITY 1"
        if modern
        else "",
        "settings": " SETTINGS fsync_after_insert = 1, fsync_part_directory = 1" if modern else "",
    }


def _path(database: str, table: str, *, replicated: bool) -> str:
    """The arguments of a table's engine: where the replicas meet in ZooKeeper, and the column of the version."""
    shard = "all" if table == "schema_migration" else "{shard}"
    place = [f"'/clickhouse/tables/{shard}/{database}/{table}'", "'{shard}-{replica}'"] if replicated else []
    arguments = place + ([_VERSIONED[table]] if table in _VERSIONED else [])
    return f"({', '.join(arguments)})" if arguments else ""

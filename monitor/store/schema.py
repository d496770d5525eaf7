"""The database's shape: numbered migrations, each applied once, in a transaction, and known by its checksum."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path

from monitor.store.errors import StoreError, StoreNewer, damaged
from monitor.store.times import microseconds

APPLICATION_ID = 0x50434E59
"""`PCNY` in the file's header (sqlite.org/pragma.html#pragma_application_id): no other program's file is written to."""

_LEDGER = (
    "CREATE TABLE schema_migration "
    "(version INTEGER PRIMARY KEY, applied INTEGER NOT NULL, checksum TEXT NOT NULL) STRICT"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step of the schema: SQL that takes version - 1 to version."""

    version: int
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 (hex) of the SQL, kept in the database to notice an edited migration."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped() -> tuple[Migration, ...]:
    """The migrations that this version knows, in order."""
    folder = resources.files("monitor.store") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return tuple(Migration(version=int(file.name[:4]), sql=file.read_text(encoding="utf-8")) for file in files)


def statements(sql: str) -> Iterator[str]:
    """The single statements of a script, triggers kept whole, so that they can run inside one transaction.

    >>> list(statements("CREATE TABLE a (b);\\nCREATE TABLE c (d);"))
    ['CREATE TABLE a (b);', 'CREATE TABLE c (d);']
    """
    waiting = ""
    for line in sql.splitlines():
        waiting = f"{waiting}\n{line}".strip()
        if sqlite3.complete_statement(waiting):
            yield waiting
            waiting = ""


def version(connection: sqlite3.Connection, folder: Path) -> int:
    """The schema version of an open database, 0 where it is new and empty; StoreError where it is not one of ours."""
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    if mark == APPLICATION_ID:
        (found,) = connection.execute("SELECT max(version) FROM schema_migration").fetchone()
        return int(found)
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables:
        raise StoreError(
            f"{folder}/store.db is a database of another program: name another data folder with --data-dir"
        )
    return 0


def check(connection: sqlite3.Connection, folder: Path) -> int:
    """The version of a database that this code can work with; StoreNewer and StoreDamaged where it cannot."""
    found, known = version(connection, folder), shipped()
    if found > len(known):
        raise StoreNewer(
            f"the store in {folder} was written by a newer presscanary (store version {found}, this one knows "
            f"{len(known)}): upgrade presscanary, or name another data folder with --data-dir"
        )
    if found:
        _compare(connection, folder, known)
    return found


def migrate(connection: sqlite3.Connection, folder: Path, now: datetime) -> None:
    """Bring the database up to the newest version; a migration is one transaction, so a crash leaves the one before."""
    found = check(connection, folder)
    for migration in shipped()[found:]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            _apply(connection, migration, now)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _apply(connection: sqlite3.Connection, migration: Migration, now: datetime) -> None:
    if migration.version == 1:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(_LEDGER)
    for statement in statements(migration.sql):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO schema_migration VALUES (?, ?, ?)", (migration.version, microseconds(now), migration.checksum)
    )
    if migration.version == 1:
        connection.execute("INSERT INTO meta VALUES ('created', ?)", (str(microseconds(now)),))


def _compare(connection: sqlite3.Connection, folder: Path, known: tuple[Migration, ...]) -> None:
    for number, checksum in connection.execute("SELECT version, checksum FROM schema_migration ORDER BY version"):
        if known[number - 1].checksum != checksum:
            raise damaged(folder, f"store.db: schema version {number} is not the one that this presscanary knows")

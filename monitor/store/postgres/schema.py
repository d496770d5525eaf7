"""The database's shape: migrations under one lock, so that collectors that start together do it once."""

from __future__ import annotations

from datetime import datetime

from monitor.store import ledger
from monitor.store.errors import StoreMissing
from monitor.store.postgres.database import Connection, Database
from monitor.store.schema import Migration
from monitor.store.times import microseconds

_LOCK = 0x50434E59
"""`PCNY`, as an advisory lock."""
_LEDGER = (
    "CREATE TABLE IF NOT EXISTS schema_migration "
    "(version int PRIMARY KEY, applied bigint NOT NULL, checksum text NOT NULL)"
)


def known() -> tuple[Migration, ...]:
    """The migrations that this version knows, in order."""
    return ledger.shipped("monitor.store.postgres")


def migrate(database: Database, now: datetime) -> None:
    """Bring the database up to the newest version, in one transaction; StoreNewer, StoreDamaged."""

    def work(connection: Connection) -> None:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.execute(_LEDGER)
        for step in ledger.missing(_applied(connection), known(), database.address):
            for piece in ledger.pieces(step.sql):
                connection.execute(piece.encode())
            row = (step.version, microseconds(now), step.checksum)
            connection.execute("INSERT INTO schema_migration VALUES (%s, %s, %s)", row)

    database.write(work)


def check(database: Database) -> None:
    """Raise StoreMissing where nothing was made yet, StoreNewer or StoreDamaged where it is not ours."""

    def question(connection: Connection) -> dict[int, str]:
        found = connection.execute("SELECT to_regclass('schema_migration') IS NOT NULL").fetchone()
        return _applied(connection) if found and found[0] else {}

    applied = database.read(question)
    ledger.missing(applied, known(), database.address)
    if not applied:
        raise StoreMissing(f"there is no store at {database.address} yet: `presscanary run` or `import` makes one")


def _applied(connection: Connection) -> dict[int, str]:
    return dict(connection.execute("SELECT version, checksum FROM schema_migration").fetchall())

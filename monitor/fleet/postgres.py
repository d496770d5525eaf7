"""The fleet in PostgreSQL, for several collectors behind one name; psycopg comes with the extra `server`."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.rows import dict_row

from monitor.fleet.database import TABLES, VERSION, FleetError, FleetFull, Row

T = TypeVar("T")

_LOCK = 0x50434646
"""`PCFF`, as an advisory lock: of making the tables, and of one change at a time."""
_NAMED = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
_STAYS = (
    """CREATE FUNCTION fleet_audit_stays() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN RAISE EXCEPTION 'the record is never changed or shortened'; END$$""",
    """CREATE TRIGGER fleet_audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON fleet_audit
        FOR EACH STATEMENT EXECUTE FUNCTION fleet_audit_stays()""",
)


class ServerDatabase:
    """The Database protocol over one PostgreSQL. State: one connection, used in turn, made anew when it was lost."""

    def __init__(self, options: Mapping[str, Any], name: str) -> None:
        self._options, self._name = options, name
        self._gate = threading.Lock()
        self._held: psycopg.Connection[dict[str, Any]] | None = None

    def read(self, question: Callable[[_Connection], T]) -> T:
        """The answer to a question; FleetError where it cannot be asked."""
        with self._begun() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return question(_Connection(connection))

    def write(self, work: Callable[[_Connection], T]) -> T:
        """Do work in one transaction; on disk on return. FleetFull where there is no room."""
        with self._begun() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            return work(_Connection(connection))

    def close(self) -> None:
        """Let go of the connection."""
        with self._gate:
            if self._held is not None:
                self._held.close()
            self._held = None

    @contextmanager
    def _begun(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        with self._gate:
            try:
                connection = self._connection()
                with connection.transaction():
                    yield connection
            except errors.DiskFull as fault:
                raise FleetFull(f"the disk of {self._name} is full: make room, and it goes on") from fault
            except psycopg.Error as fault:
                self._drop()
                said = (str(fault).strip() or type(fault).__name__).splitlines()[0]
                raise FleetError(f"the fleet at {self._name} cannot be used: {said}") from fault

    def _connection(self) -> psycopg.Connection[dict[str, Any]]:
        if self._held is not None and not self._held.closed and not self._alive(self._held):
            self._drop()
        if self._held is None or self._held.closed:
            options: dict[str, Any] = {"connect_timeout": 5, "application_name": "presscanary", **self._options}
            made = psycopg.connect(autocommit=True, row_factory=dict_row, **options)
            self._held = made
            made.execute("SET synchronous_commit = on")
            made.execute("SET client_min_messages = warning")
            with made.transaction():
                _make(made, self._name)
        return self._held

    @staticmethod
    def _alive(connection: psycopg.Connection[dict[str, Any]]) -> bool:
        """Whether the server is still there: one that was restarted is noticed before any work is begun."""
        try:
            connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def _drop(self) -> None:
        if self._held is not None:
            with suppress(psycopg.Error):
                self._held.close()
        self._held = None


class _Connection:
    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self._connection = connection

    def rows(self, statement: str, **values: Any) -> list[Row]:
        return list(self._connection.execute(_named(statement), values).fetchall())

    def do(self, statement: str, **values: Any) -> int:
        return self._connection.execute(_named(statement), values).rowcount


def _named(statement: str) -> bytes:
    """A statement with its values named as psycopg wants them.

    >>> _named("SELECT 1 WHERE a = :a AND b = :sha256")
    b'SELECT 1 WHERE a = %(a)s AND b = %(sha256)s'
    """
    return _NAMED.sub(r"%(\1)s", statement).encode()


def _make(connection: psycopg.Connection[dict[str, Any]], name: str) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    connection.execute("CREATE TABLE IF NOT EXISTS fleet_version (version int PRIMARY KEY)")
    found = connection.execute("SELECT max(version) AS version FROM fleet_version").fetchone()
    version = (found or {}).get("version") or 0
    if version > VERSION:
        raise FleetError(f"the fleet at {name} was written by a newer presscanary: upgrade presscanary")
    if not version:
        for statement in (*TABLES, *_STAYS):
            connection.execute(statement.replace("{bytes}", "bytea").encode())
        connection.execute("INSERT INTO fleet_version VALUES (%s)", (VERSION,))

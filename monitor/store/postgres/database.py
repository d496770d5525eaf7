"""Connections to one PostgreSQL: short transactions, tried again where the server goes away in the middle.

All that is written is known by a key, so that doing it again after a commit whose answer was lost changes nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg import errors as refusals

from monitor.store.addresses import Address
from monitor.store.errors import StoreError, StoreFull

T = TypeVar("T")
Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

PATIENCE = 30.0
"""Seconds for which a server that cannot be reached is tried again: a restart or a failover takes less."""

_PAUSE = 0.2
_AGAIN = (refusals.SerializationFailure, refusals.DeadlockDetected, refusals.LockNotAvailable)


class Database:
    """A pool of connections. State: the idle ones, and whether it is closed."""

    def __init__(self, address: Address, *, read_only: bool = False, patience: float = PATIENCE) -> None:
        self.address, self._read_only, self._patience = address, read_only, patience
        self._idle: list[Connection] = []
        self._closed = False
        self._gate = threading.Lock()

    def read(self, question: Callable[[Connection], T]) -> T:
        """The answer to a question that is asked in one snapshot."""
        return self._persist(lambda: self._ask(question))

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do work in one transaction; it is committed, synchronously, when this returns. StoreError where it is not.

        `work` may be done again, and finds then what the first time left, or nothing; the first answer stands.
        """
        if self._read_only:
            raise StoreError(f"the store at {self.address} was opened for reading only")
        answers: list[T] = []
        self._persist(lambda: self._transact(work, answers))
        return answers[0]

    def close(self) -> None:
        """Close what is idle now, and what is in use when it comes back."""
        with self._gate:
            self._closed, idle, self._idle = True, self._idle, []
        for connection in idle:
            connection.close()

    def _persist(self, attempt: Callable[[], T]) -> T:
        """Try until it is done, or refused, or patience ends; every exception of psycopg becomes a StoreError."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return attempt()
            except (*_AGAIN, psycopg.OperationalError, psycopg.InterfaceError) as fault:
                if not _passing(fault) or time.monotonic() >= deadline:
                    raise self._told(fault) from fault
                time.sleep(_PAUSE)
            except psycopg.Error as fault:
                raise self._told(fault) from fault

    def _ask(self, question: Callable[[Connection], T]) -> T:
        with self._borrowed() as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            answer = question(connection)
            connection.execute("COMMIT")
            return answer

    def _transact(self, work: Callable[[Connection], T], answers: list[T]) -> None:
        """Do and commit work; an answer is kept as soon as only the commit is missing.

        Where the answer to the commit is lost, nobody can tell whether it was done: `pg_xact_status` cannot either, for
        a server that crashed gives the number of a transaction whose log it had not written to another one.
        """
        with self._borrowed() as connection:
            connection.execute("BEGIN")
            answer = work(connection)
            answers.append(answer)
            try:
                connection.execute("COMMIT")
            except _AGAIN:
                answers.remove(answer)
                raise

    @contextmanager
    def _borrowed(self) -> Iterator[Connection]:
        connection = self._take()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._gate:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _take(self) -> Connection:
        with self._gate:
            if self._closed:
                raise StoreError("the store is closed")
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _connect(self) -> Connection:
        address = self.address
        given: dict[str, Any] = {
            "host": ",".join(host for host, _ in address.hosts),
            "port": ",".join(str(port) for _, port in address.hosts),
            "dbname": address.database,
            "connect_timeout": 5,
            "application_name": "presscanary",
            "target_session_attrs": "any" if self._read_only else "read-write",
        }
        given |= {name: value for name, value in (("user", address.user), ("password", address.password)) if value}
        connection = psycopg.connect(autocommit=True, **(given | dict(address.options)))
        try:
            # What is acknowledged is on disk (and on the synchronous standbys), whatever the server's default is.
            connection.execute("SET synchronous_commit = on")
            connection.execute("SET client_min_messages = warning")
        except BaseException:
            connection.close()
            raise
        return connection

    def _told(self, fault: psycopg.Error) -> StoreError:
        first = (str(fault).strip() or type(fault).__name__).splitlines()[0]
        match fault:
            case refusals.DiskFull():
                return StoreFull(
                    f"the disk of {self.address} is full: make room, and it goes on; nothing stored is lost"
                )
            case psycopg.OperationalError() | psycopg.InterfaceError():
                return StoreError(f"the store at {self.address} cannot be reached or used: {first}")
        return StoreError(f"the store at {self.address} refused: {first}")


def _passing(fault: psycopg.Error) -> bool:
    """Whether waiting can help: a lost connection or a server that starts can come back, a wrong password cannot."""
    if isinstance(fault, _AGAIN):
        return True
    lost = fault.sqlstate is None or fault.sqlstate[:2] in ("08", "57")
    said = str(fault)
    hopeless = ("authentication failed", "does not exist", "no password", "invalid connection option", "no pg_hba")
    return lost and not any(word in said for word in hopeless)

"""The one writer: it takes what many threads want written and commits it in groups, one after the other.

Who waits for an answer and finds nobody writing is the writer for that time; what comes meanwhile is queued for a
thread of the writer's own. State, all of it: the queue, how many of its jobs are not done, whose turn it is, and
whether it is closed. A job is a function of the open transaction and the future that its caller waits on. Each job
runs in a savepoint of its own, so that a refused one leaves no trace and the others stand; the futures are resolved
after the commit, and the commit comes after the sync of the pack.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from monitor.store import documents
from monitor.store.errors import StoreError, StoreFull, translated
from monitor.store.transaction import Transaction, attempt

T = TypeVar("T")

GROUP = 512
"""A transaction that has so many records takes no more: a reader never waits long, and a sync is shared by many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    work: Callable[[Transaction], Any]
    done: Future[Any]
    records: int


class Writer:
    """Takes jobs from any thread; whoever has the turn is alone with the writing connection and the pack."""

    def __init__(self, transaction: Transaction, folder: Path) -> None:
        self._transaction, self._folder = transaction, folder
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._unfinished = 0
        self._gate, self._turn = threading.Lock(), threading.Lock()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Transaction], T], *, records: int = 1) -> Future[T]:
        """Have `work` done in a transaction; the future has its result once that is on disk. StoreError when closed.

        `records`: how many it writes, about, which decides what else is in that transaction.
        """
        job = _Job(work=work, done=Future(), records=records)
        with self._gate:
            self._enqueue(job)
        return cast("Future[T]", job.done)

    def do(self, work: Callable[[Transaction], T], *, records: int = 1) -> T:
        """`submit`, and wait; done in this thread where nobody writes and nothing is queued.

        It saves handing the work to another thread, and its answer back.
        """
        job = _Job(work=work, done=Future(), records=records)
        with self._gate:
            alone = not self._closed and not self._unfinished and self._turn.acquire(blocking=False)
            if not alone:
                self._enqueue(job)
        if alone:
            try:
                self._commit([job])
            finally:
                self._turn.release()
        return cast("T", job.done.result())

    def close(self) -> None:
        """Finish what was submitted; afterwards nobody uses the connection or the pack."""
        with self._gate:
            if not self._closed:
                self._jobs.put(None)
            self._closed = True
        self._thread.join()
        with self._turn:  # whoever is the writer just now finishes
            pass

    def _enqueue(self, job: _Job) -> None:
        if self._closed:
            raise StoreError("the store is closed")
        self._unfinished += 1
        self._jobs.put(job)

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            group, records = [first], first.records
            while records < GROUP and not self._jobs.empty():
                job = self._jobs.get()
                if job is None:
                    self._jobs.put(None)
                    break
                group.append(job)
                records += job.records
            with self._turn:
                self._commit(group)
            with self._gate:
                self._unfinished -= len(group)

    def _commit(self, group: list[_Job]) -> None:
        try:
            with translated(self._folder):
                answers = self._write(group)
        except BaseException as fault:  # noqa: BLE001 - it is raised in every thread that waits for this group
            self._undo(full=isinstance(fault, StoreFull))
            answers = [fault] * len(group)
        for job, answer in zip(group, answers, strict=True):
            if isinstance(answer, BaseException):
                job.done.set_exception(answer)
            else:
                job.done.set_result(answer)

    def _write(self, group: list[_Job]) -> list[Any]:
        connection, packs = self._transaction.connection, self._transaction.packs
        packs.roll()
        connection.execute("BEGIN IMMEDIATE")
        answers = [attempt(self._transaction, job.work) for job in group]
        documents.acknowledge(self._transaction)
        connection.execute("COMMIT")
        packs.settle()
        return answers

    def _undo(self, *, full: bool) -> None:
        """Roll back. On a full disk nothing can have reached the log, so the pack's room is given back as well.

        After any other fault of a commit nobody can tell whether it is in the log and comes to life when the log is
        read again; then the documents that it speaks of must stay where they are.
        """
        self._transaction.symbols.forget()
        with suppress(sqlite3.Error, OSError):
            if self._transaction.connection.in_transaction:
                self._transaction.connection.execute("ROLLBACK")
        with suppress(OSError):
            (self._transaction.packs.cut if full else self._transaction.packs.settle)()

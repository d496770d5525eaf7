"""The one writer: many callers share a commit, and one caller's mistake is nobody else's."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from monitor.store import StoreBusy, StoreError, open_store, readers


def held(store, gate):
    """Keep the writer at one job until the gate opens; that it has begun it is sure when this returns."""
    begun = threading.Event()
    job = store._writer.submit(lambda _: begun.set() or gate.wait(30))
    assert begun.wait(30)
    return job


def test_waiting_appends_share_one_commit(store, made):
    """What many threads append while the writer is busy becomes durable in one transaction."""
    said = []
    store._writer._transaction.connection.set_trace_callback(said.append)
    gate = threading.Event()
    busy = held(store, gate)
    with ThreadPoolExecutor(20) as threads:
        waiting = [threads.submit(store.append, *made.entry(number)) for number in range(20)]
        while store._writer._jobs.qsize() < 20:
            assert not any(future.done() for future in waiting)
            time.sleep(0.001)  # lets the twenty have their turn
        gate.set()
        assert all(future.result() for future in waiting)
    assert busy.result() is True
    assert said.count("COMMIT") == 2


def test_who_finds_nobody_writing_writes_itself(store):
    """One that waits for its answer is not handed to another thread, unless somebody is writing or waits already."""

    def name(_):
        return threading.current_thread().name

    assert store._writer.do(name) == threading.current_thread().name
    gate = threading.Event()
    busy = held(store, gate)
    with ThreadPoolExecutor(1, thread_name_prefix="other") as threads:
        waiting = threads.submit(store._writer.do, name)
        while not store._writer._jobs.qsize():
            assert not waiting.done()
        gate.set()
        assert waiting.result() == "store-writer"
    assert busy.result() is True


def test_closing_waits_for_who_writes_itself(store):
    """A store that is closed while a caller is the writer is closed when that one is done."""
    begun, gate = threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(store._writer.do, lambda _: begun.set() or gate.wait(30))
        assert begun.wait(30)
        closing = threads.submit(store.close)
        assert not closing.done()
        gate.set()
        assert writing.result() is True
        closing.result()
    with pytest.raises(StoreError, match="the store is closed"):
        store._writer.do(lambda _: 1)


def test_a_refused_record_harms_no_other(store, made):
    """In one group, the refused one raises for its caller, and the others are stored."""
    entries = [(*made.entry(number), None) for number in range(3)]
    other = (*made.entry(9, simulated=False), None)
    with pytest.raises(StoreError, match="takes no real ones"):
        store.append_all([*entries[:2], other, entries[2]])
    assert len(store.outcomes()) == 3


@pytest.mark.parametrize(
    "change", [{"status": "fine"}, {"status": 2**70}, {"protocol": "h2\udc80"}, {"redirects": None}]
)
def test_a_record_of_the_wrong_kind_leaves_nothing_behind(store, made, change):
    """A value that its column cannot hold is an error of the caller, and not even its new words stay."""
    measurement, outcome = made.entry(1, target="never seen before")
    with pytest.raises(Exception, match=r"TEXT value|too large|surrogates|NOT NULL"):
        store.append(measurement, replace(outcome, **change))
    assert (store.outcomes(), store.latest(), store.days()) == ((), (), ())
    assert store.append(measurement, outcome) is True
    assert store.outcomes() == (outcome,)


def test_a_fault_in_the_middle_of_a_group_is_everybodys(store, made):
    """A bug in one piece of work undoes its transaction, is told to all who waited, and the store goes on."""

    def faulty(transaction):
        transaction.symbols("a word that must not stay")
        raise KeyError("bug")

    gate = threading.Event()
    held(store, gate)
    good, bad = store._writer.submit(lambda _: 1), store._writer.submit(faulty)
    gate.set()
    assert isinstance(bad.exception(), KeyError)
    assert isinstance(good.exception(), KeyError | None)
    assert store.append(*made.entry(1)) is True
    assert store.outcomes()[0].target == "kloop"


def test_many_threads_read_and_write(store, made):
    """Readers and writers in many threads see whole records, and every append is stored once."""

    def work(number):
        measurement, outcome = made.entry(number % 40)
        new = store.append(measurement, outcome)
        assert store.measurement(outcome.measurement) == measurement
        assert outcome in store.outcomes(since=outcome.time, limit=5)
        assert store.latest()[0].since <= store.latest()[0].outcome.time
        return new

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(work, range(80))) == 40
    assert len(store.outcomes()) == 40


def test_closing_finishes_what_was_submitted(folder, made):
    """Work that was handed over before `close` is done, and durable, when `close` returns."""
    store = open_store(folder)
    gate = threading.Event()
    held(store, gate)
    entries = [made.entry(number) for number in range(5)]
    with ThreadPoolExecutor(6) as threads:
        waiting = [threads.submit(store.append, *entry) for entry in entries]
        while store._writer._jobs.qsize() < 5:
            assert not any(future.done() for future in waiting)
        closing = threads.submit(store.close)
        gate.set()
        closing.result()
        assert all(future.result() for future in waiting)
    with open_store(folder, read_only=True) as reader:
        assert len(reader.outcomes()) == 5


def test_only_the_writer_may_write(store):
    """The connections that readers use refuse to write, so nobody else ever checkpoints or changes the log."""
    with pytest.raises(StoreError, match="readonly"), store._readers.snapshot() as connection:
        connection.execute("DELETE FROM meta")
    assert store._writer._transaction.connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert store._writer._transaction.connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_database_that_another_program_locks_is_busy(folder, made, monkeypatch):
    """While a stranger holds the database, an append is refused in one line; afterwards it works."""
    monkeypatch.setattr(readers, "PATIENCE", 0)
    with open_store(folder) as store, closing(sqlite3.connect(folder / "store.db")) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy, match="locked by another program"):
            store.append(*made.entry(1))
        stranger.rollback()
        assert store.append(*made.entry(1)) is True


def test_closing_waits_for_nobody_who_reads(folder, made):
    """A reader that is in the middle of a question when the store is closed finishes it."""
    store = open_store(folder)
    store.append(*made.entry(1))
    with store._readers.snapshot() as connection:
        store.close()
        assert connection.execute("SELECT count(*) FROM observation").fetchone()[0] == 1
    with open_store(folder) as again:
        assert len(again.outcomes()) == 1

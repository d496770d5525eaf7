"""Servers that die, lock, lie and change under a store."""

from __future__ import annotations

import threading
from dataclasses import replace

import psycopg
import pytest

from monitor.model import State
from monitor.store import Servers, StoreDamaged, StoreError, StoreMissing, StoreNewer, open_store
from monitor.store.addresses import address
from monitor.store.clickhouse import schema as clickhouse
from monitor.store.clickhouse.literal import literal
from monitor.store.flat import OUTCOME, same
from monitor.store.postgres import schema as postgres
from monitor.store.postgres.database import Database
from tests.monitor.store import engines

INTRANS = psycopg.pq.TransactionStatus.INTRANS


@pytest.fixture
def own(tmp_path):
    """A PostgreSQL that a test may kill, and a store in it."""
    with engines.postgres(engines.packaged_postgres()) as server:
        place = address(server.database())
        yield server, Servers(folder=tmp_path, measurements=place, state=place)


@pytest.fixture(params=["postgresql", "clickhouse"])
def changed(request, tmp_path):
    """A store on each kind of server, and what runs SQL in its database."""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_18")
        place = address(server.database())

        def run(statement):
            with server.connect(place.database) as connection:
                connection.execute(statement)

        return Servers(folder=tmp_path, measurements=place, state=place), run
    server = request.getfixturevalue("clickhouse_18")
    place = address(server.database())
    return Servers(folder=tmp_path, measurements=place), lambda statement: server.ask(
        statement, database=place.database
    )


@pytest.mark.slow
def test_postgresql_killed_under_load_loses_nothing(own, made):
    """Every append that returned is there once after three kill -9, and no caller heard of them."""
    server, where = own
    acknowledged, faults, stopping = [], [], threading.Event()
    with open_store(where) as store:

        def load(first):
            number = first
            while not stopping.is_set():
                measurement, outcome = made.entry(number)
                try:
                    assert store.append(measurement, outcome, original=b"original %d" % number) is True
                except Exception as fault:  # noqa: BLE001 - told below
                    faults.append(fault)
                    return
                acknowledged.append(outcome)
                number += 2

        threads = [threading.Thread(target=load, args=(first,), daemon=True) for first in (0, 1)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            at = len(acknowledged)
            engines.until(lambda at=at: faults or len(acknowledged) >= at + 15)
            server.kill()
            server.start()
        stopping.set()
        for thread in threads:
            thread.join(timeout=60)
        assert faults == []
        kept = store.outcomes()
        ours, theirs = {outcome.measurement for outcome in acknowledged}, [outcome.measurement for outcome in kept]
        assert len(theirs) == len(set(theirs))
        assert (ours - set(theirs), set(theirs) - ours) == (set(), set())
        assert len(set(acknowledged)) == len(acknowledged)
        assert sum(day.ok + day.down + day.blocked + day.insufficient for day in store.days()) == len(kept)
        assert store.latest()[0].outcome == kept[-1]


def test_a_commit_whose_answer_is_lost_is_done_once(postgresql_18, tmp_path, made, monkeypatch):
    """The connection breaks right after, or right before, a commit: the row is there once, and was new."""
    place = address(postgresql_18.database())
    execute, broken = psycopg.Connection.execute, []

    def breaking(connection, statement, *given, **options):
        if statement == "COMMIT" and broken and connection.info.transaction_status is INTRANS:
            if broken.pop() == "after":
                execute(connection, statement)
            connection.close()
            raise psycopg.OperationalError("the line went dead")
        return execute(connection, statement, *given, **options)

    with open_store(Servers(folder=tmp_path, measurements=place, state=place)) as store:
        store.append(*made.entry(0))
        monkeypatch.setattr(psycopg.Connection, "execute", breaking)
        for number, when in enumerate(("after", "before"), start=1):
            broken.append(when)
            assert store.append(*made.entry(number)) is True
            assert not broken
            assert store.append(*made.entry(number)) is False
            assert len(store.outcomes()) == number + 1 == store.counts()["measurements"]


def test_two_collectors_write_to_one_page_at_once(postgresql_18, tmp_path, made):
    """Whoever comes last, latest and counts are those of all rows together."""
    place = address(postgresql_18.database())
    where = Servers(folder=tmp_path, measurements=place, state=place)
    with open_store(where) as one, open_store(where) as other:

        def append(store, numbers):
            for number in numbers:
                store.append(*made.entry(number, state=State.OK if number % 3 else State.BLOCKED))
                store.append(*made.entry(12, state=State.OK))  # the same to both

        threads = [
            threading.Thread(target=append, args=(one, range(0, 24, 2))),
            threading.Thread(target=append, args=(other, range(1, 24, 2))),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = one.outcomes()
        assert len(kept) == 24
        assert one.latest() == other.latest()
        assert one.latest()[0].outcome == kept[-1]
        assert one.latest()[0].since == kept[22].time
        assert sum(day.ok + day.blocked for day in one.days()) == 24
        assert sum(day.blocked for day in one.days()) == sum(row.verdict.state is State.BLOCKED for row in kept)


def test_nothing_is_made_by_reading(changed):
    """A database without a store is StoreMissing, and stays without one."""
    where, _ = changed
    for _ in range(2):
        with pytest.raises(StoreMissing, match="there is no store"):
            open_store(where, read_only=True)


def test_a_newer_store_is_refused(changed):
    """A version that this program does not know is not touched."""
    where, run = changed
    open_store(where).close()
    run("INSERT INTO schema_migration VALUES (99, 0, 'later')")
    with pytest.raises(StoreNewer, match="store version 99"):
        open_store(where)


def test_a_store_with_another_history_is_refused(changed, made):
    """A checksum that is not that of the migration means that the tables are not what this program thinks."""
    where, run = changed
    with open_store(where) as store:
        store.append(*made.entry(1))
    if where.state is None:
        run("INSERT INTO schema_migration VALUES (1, 0, 'edited')")
    else:
        run("UPDATE schema_migration SET checksum = 'edited'")
    with pytest.raises(StoreDamaged, match="schema version 1"):
        open_store(where)


def test_opening_again_migrates_nothing(changed, made):
    """A store that is up to date is opened by many, one after the other and at once."""
    where, _ = changed
    with open_store(where) as first:
        first.append(*made.entry(1))
    with open_store(where) as second:
        assert second.append(*made.entry(1)) is False


def test_rows_of_the_first_version_are_read_beside_new_ones(changed, made, monkeypatch):
    """A store of version 1 is brought up to date: what came later is None in its rows, and there in new ones."""
    where, run = changed
    module = clickhouse if where.state is None else postgres
    with monkeypatch.context() as patched:
        patched.setattr(module, "known", lambda known=module.known: known()[:1])
        open_store(where).close()
    older = made.entry(1)[1]
    run(_row_of_version_1(older, clickhouse=where.state is None))
    with open_store(where) as store:
        newer = made.entry(2)
        store.append(*newer)
        found = {outcome.measurement: outcome for outcome in store.outcomes()}
        latest = {entry.outcome.measurement for entry in store.latest()}
    without = replace(older, verdict=replace(older.verdict, ipv4=None, ipv6=None))
    assert found == {older.measurement: without, newer[1].measurement: newer[1]}
    assert newer[1].measurement in latest
    with open_store(where) as store:
        assert {entry.outcome for entry in store.latest()} >= {newer[1]}


def _row_of_version_1(outcome, *, clickhouse):
    row = {name: value for name, value in OUTCOME.row(outcome, same).items() if name not in ("ipv4", "ipv6")}
    row |= {"document": "00"}
    if clickhouse:
        row |= {"seq": 1, "revision": 0, "day": outcome.time.date().isoformat()}
    values = ", ".join("NULL" if value is None else literal(value) for value in row.values())
    return f"INSERT INTO observation ({', '.join(row)}) VALUES ({values})"


def test_a_revision_in_postgresql_is_never_changed(postgresql_18, tmp_path):
    """The database itself refuses, whoever asks."""
    place = address(postgresql_18.database())
    open_store(Servers(folder=tmp_path, measurements=place, state=place)).close()
    with postgresql_18.connect(place.database) as connection:
        for statement in ("UPDATE event_revision SET revision = 1", "DELETE FROM event_revision"):
            with pytest.raises(psycopg.errors.RaiseException, match="never changed"):
                connection.execute(statement)


def test_a_server_that_is_not_there_is_one_line(tmp_path, monkeypatch):
    """Where patience ends, the message names the address, and never the password."""
    monkeypatch.setattr("monitor.store.postgres.database.PATIENCE", 0)
    monkeypatch.setattr(Database.__init__, "__kwdefaults__", {"read_only": False, "patience": 0})
    place = replace(address(f"postgresql://canary@127.0.0.1:{engines.free_port()}/press"), password="hush")
    with pytest.raises(StoreError, match=r"postgresql://canary@127\.0\.0\.1:\d+/press cannot be reached") as told:
        open_store(Servers(folder=tmp_path, measurements=place, state=place))
    assert "hush" not in str(told.value)


def test_a_wrong_database_is_told_at_once(postgresql_18, clickhouse_18, tmp_path):
    """What waiting cannot mend is not waited for."""
    postgres = address(f"postgresql://canary@127.0.0.1:{postgresql_18.port}/nowhere")
    with pytest.raises(StoreError, match="does not exist"):
        open_store(Servers(folder=tmp_path, measurements=postgres, state=postgres))
    clickhouse = address(f"clickhouse://127.0.0.1:{clickhouse_18.http}/nowhere")
    with pytest.raises(StoreError, match="nowhere"):
        open_store(Servers(folder=tmp_path, measurements=clickhouse))


def test_a_row_that_comes_twice_counts_once(clickhouse_18, tmp_path, made):
    """Two collectors insert one measurement, unseen by each other; one judges again: one row, one count, one latest."""
    where = Servers(folder=tmp_path, measurements=address(clickhouse_18.database()))
    with open_store(where) as store:
        measurement, outcome = made.entry(1, state=State.OK)
        store.append(measurement, outcome)
        store._measurements._gathering._write = _unseeing(store._measurements)
        store.append(measurement, outcome)
        database = where.measurements.database
        raw = clickhouse_18.ask("SELECT count() FROM observation", database=database)
        assert raw == "2"
        again = made.outcome_of(measurement, State.BLOCKED)
        store.revise(again)
        assert store.outcomes() == (again,)
        assert store.counts()["measurements"] == 1
        assert [(day.ok, day.blocked) for day in store.days()] == [(0, 1)]
        assert [found.outcome for found in store.latest()] == [again]


def test_since_is_right_after_judging_again(clickhouse_18, tmp_path, made):
    """The hint of `page_state` misleads after a verdict changed; the rows have the last word."""
    where = Servers(folder=tmp_path, measurements=address(clickhouse_18.database()))
    with open_store(where) as store:
        given = [
            made.entry(number, state=state)
            for number, state in enumerate([State.OK, State.DOWN, State.DOWN, State.OK, State.OK])
        ]
        for entry in given:
            store.append(*entry)
        assert store.latest()[0].since == given[3][1].time
        store.revise(made.outcome_of(given[2][0], State.OK))
        assert store.latest()[0].since == given[2][1].time
        store.revise(made.outcome_of(given[1][0], State.OK))
        assert store.latest()[0].since == given[0][1].time


def _unseeing(measurements):
    """An append that does not look whether a measurement is known, as one that came at the same moment."""
    append = measurements._append

    def blind(group):
        known, measurements._known = measurements._known, lambda _: set()
        try:
            return append(group)
        finally:
            measurements._known = known

    return blind

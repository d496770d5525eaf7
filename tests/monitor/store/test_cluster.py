"""A cluster of two shards, one of them replicated, loses a replica under load, and nothing that it acknowledged."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.model import State
from monitor.store import Servers, open_store
from monitor.store.addresses import address
from tests.monitor.store import engines

TARGETS = tuple(f"target-{number}" for number in range(7))
BATCH = 40


@pytest.fixture(scope="module")
def nodes():
    """The running cluster, with an empty database on every node."""
    with engines.cluster() as running:
        running["a"].ask("CREATE DATABASE press ON CLUSTER press")
        yield running


class Load:
    """A collector that appends in batches and judges one of each batch again, until it is told to stop."""

    def __init__(self, store, made):
        self.store, self.made = store, made
        self.acknowledged = {}
        self.faults = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        self._stopping.set()
        self._thread.join(timeout=90)
        assert not self._thread.is_alive()

    def _run(self):
        first = 0
        while not self._stopping.is_set():
            batch = [
                self.made.entry(number, target=TARGETS[number % len(TARGETS)]) for number in range(first, first + BATCH)
            ]
            try:
                new = self.store.append_all((measurement, outcome, None) for measurement, outcome in batch)
                again = self.made.outcome_of(batch[0][0], State.BLOCKED)
                self.store.revise(again)
            except Exception as fault:  # noqa: BLE001 - told when the test looks
                self.faults.append(fault)
                return
            assert all(new)
            self.acknowledged |= {outcome.measurement: outcome for _, outcome in batch}
            self.acknowledged[again.measurement] = again
            first += BATCH


@pytest.mark.slow
def test_an_append_waits_for_the_second_replica(nodes, made, tmp_path, capsys):
    """Where each shard has two replicas, acknowledged means both: with one dead only `quorum=1` goes on."""
    nodes["a"].ask("CREATE DATABASE paired ON CLUSTER pair")
    line = "clickhouse://" + ",".join(f"127.0.0.1:{nodes[name].http}" for name in "ab") + "/paired?cluster=pair"
    careful = Servers(folder=tmp_path / "careful", measurements=address(line))
    bold = Servers(folder=tmp_path / "bold", measurements=address(f"{line}&quorum=1"))
    count = "SELECT count() FROM paired.observation_local"
    with open_store(careful) as both, open_store(bold) as one, ThreadPoolExecutor(1) as threads:
        assert all(both.append_all((*made.entry(number), None) for number in range(10)))
        assert [nodes[name].ask(count) for name in "ab"] == ["10", "10"]
        nodes["b"].kill()
        waiting = threads.submit(both.append, *made.entry(10))
        assert one.append(*made.entry(11)) is True
        assert not waiting.done()
        nodes["b"].start(wait=False)
        assert waiting.result() is True
        engines.until(lambda: nodes["b"].ask(count) == "12")
        assert len(both.outcomes()) == 12
    with capsys.disabled():
        print("\n  10 rows on both replicas when acknowledged; with b dead the next one waited until b was back")


@pytest.mark.slow
def test_a_replica_that_is_killed_under_load_loses_nothing(nodes, made, tmp_path, capsys):
    """Every acknowledged row is there once, with its last verdict, after the node it was written through died."""
    places = ",".join(f"127.0.0.1:{nodes[name].http}" for name in "ab")
    where = Servers(folder=tmp_path / "data", measurements=address(f"clickhouse://{places}/press?cluster=press"))
    log = []
    with open_store(where) as store:
        load = Load(store, made)

        def written(rows):
            return load.faults or len(load.acknowledged) >= rows

        engines.until(lambda: written(240))
        nodes["a"].kill()
        log.append(f"killed -9 replica a, through which was written, at {len(load.acknowledged)} acknowledged rows")
        at = len(load.acknowledged)
        engines.until(lambda: written(at + 240))
        nodes["a"].start(wait=False)
        log.append(f"started a again at {len(load.acknowledged)} acknowledged rows")
        nodes["a"].ready()
        at = len(load.acknowledged)
        engines.until(lambda: written(at + 120))
        load.stop()
        assert load.faults == []
        engines.until(lambda: _of_shard(nodes["a"]) == _of_shard(nodes["b"]))

        kept = store.outcomes()

        log.append(f"acknowledged {len(load.acknowledged)} rows, read {len(kept)}")
        assert Counter(outcome.measurement for outcome in kept) == Counter(list(load.acknowledged))
        assert {outcome.measurement: outcome for outcome in kept} == load.acknowledged
        assert sum(day.ok + day.down + day.blocked + day.insufficient for day in store.days()) == len(kept)
        newest = {target: max((o for o in kept if o.target == target), key=lambda o: o.time) for target in TARGETS}
        assert {found.outcome.target: found.outcome for found in store.latest()} == newest
        rows = {name: nodes[name].ask("SELECT count() FROM press.observation_local FINAL") for name in "abc"}
        log.append(f"rows on the nodes: {rows}")
        assert rows["a"] == rows["b"] != "0" != rows["c"]
        assert int(rows["a"]) + int(rows["c"]) == len(kept)
        nodes["b"].kill()
        assert store.outcomes() == kept
        log.append("killed -9 replica b: the same answer from a")
    with capsys.disabled():
        print("", *log, sep="\n  ")


def _of_shard(node):
    return node.ask("SELECT count(), sum(cityHash64(measurement, revision)) FROM press.observation_local FINAL")

"""What many threads append is gathered, in batches, and nobody waits for company."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.store.gathering import Gathering


class Engine:
    """An engine that keeps what it is given, batch by batch, as soon as its gate is open."""

    def __init__(self):
        self.batches, self.gate, self.asked = [], threading.Event(), threading.Event()

    def write(self, items):
        self.asked.set()
        assert self.gate.wait(30)
        if "bad" in items:
            raise ValueError("refused")
        known = {item for batch in self.batches for item in batch}
        self.batches.append(list(items))
        return [item not in known for item in items]


@pytest.fixture
def engine():
    return Engine()


def all_waiting(gathering, count):
    """Let the threads come so far that so many of them wait."""
    while len(gathering._waiting) < count:
        time.sleep(0.001)


def test_what_comes_in_during_a_batch_is_the_next_batch(engine):
    """The first goes alone and at once; the twenty that come meanwhile go together, each with its own answers."""
    gathering = Gathering(engine.write, most=100)
    with ThreadPoolExecutor(21) as threads:
        first = threads.submit(gathering.add, ["a"])
        assert engine.asked.wait(30)
        rest = [threads.submit(gathering.add, [f"b{number}", "a"]) for number in range(20)]
        all_waiting(gathering, 20)
        engine.gate.set()
        assert first.result() == [True]
        assert all(one.result() == [True, False] for one in rest)
    assert [len(batch) for batch in engine.batches] == [1, 40]
    assert gathering.add(["c"]) == [True]


def test_a_batch_has_an_end(engine):
    """What is more than one batch holds goes with the next, written by a thread that waits for it."""
    gathering = Gathering(engine.write, most=4)
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(gathering.add, [0])]
        assert engine.asked.wait(30)
        waiting += [threads.submit(gathering.add, [number, -number]) for number in range(1, 6)]
        all_waiting(gathering, 5)
        engine.gate.set()
        assert [list(one.result()) for one in waiting] == [[True], *[[True, True]] * 5]
    assert [len(batch) for batch in engine.batches] == [1, 4, 4, 2]


def test_an_error_is_everybodys_whose_items_were_in_the_batch(engine):
    """They are told, and the next batch goes on."""
    gathering = Gathering(engine.write, most=100)
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(gathering.add, ["a"])
        assert engine.asked.wait(30)
        rest = [threads.submit(gathering.add, [what]) for what in ("bad", "good")]
        all_waiting(gathering, 2)
        engine.gate.set()
        assert first.result() == [True]
        assert [str(one.exception()) for one in rest] == ["refused", "refused"]
    assert gathering.add(["good"]) == [True]

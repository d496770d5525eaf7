"""A collector that is killed: what it acknowledged is there, once; what it did not is asked for again."""

from __future__ import annotations

import pytest

from benchmarks.collector_kill import faults, play
from tests.monitor.collector.house import Remote
from tests.monitor.store.engines import free_port


@pytest.mark.slow
def test_kill_9_in_the_middle_of_batches_loses_and_doubles_nothing(tmp_path):
    """15 batches with a kill: store, counts, fleet, log and receipts are what was sent (1,000 in benchmarks/)."""
    home = Remote(tmp_path, free_port())
    run = play(home, batches=15, kills=1, rows=3, seed=7)
    assert (run.kills, len(run.receipts)) == (1, 15)
    assert faults(home, run, 3) == []

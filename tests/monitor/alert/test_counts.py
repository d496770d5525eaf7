"""A block on many networks is one piece of news: how many messages come of it is counted as the benchmark counts."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.alert_counts import heard, national, reviewed
from monitor.evaluate.world import START


def test_a_national_block_rings_once_at_its_start_and_once_at_its_end():
    """Ten networks follow each other within hours: whoever they are, at most 1.2 messages per edge ring, and what
    rings are the start and the end."""
    cells = national(10, 1)
    sent = reviewed(cells, START + timedelta(hours=21), timedelta(minutes=20), START + timedelta(hours=6))

    for deliveries in sent.values():
        found = heard(deliveries)
        assert found.stories == 1
        assert found.edges == 2
        assert found.ringing / found.edges <= 1.2
        assert found.messages <= 3

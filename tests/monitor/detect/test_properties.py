"""What must hold for every series: the order, the batches and the future of the data change nothing that is known."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detect import DetectorSettings, detect, reconcile

LINES = st.lists(
    st.tuples(st.sampled_from(["o", "x", "a", "s", "d", "i", ".", "ox", "ooa"]), st.integers(1, 30)), max_size=8
).map(lambda runs: "".join(letters * count for letters, count in runs))
WORLDS = st.lists(LINES, min_size=1, max_size=4)
OFTEN = settings(max_examples=60, deadline=None)


def world(series, controls, lines):
    """Each line at another vantage point, two per network, and three controls that see the target work."""
    cells = controls("o" * max(map(len, lines), default=0))
    for number, line in enumerate(lines):
        cells += series(line, vantage=f"v{number}", network=f"AS{number // 2}", offset=number, pooled=number == 3)
    return cells


@given(lines=WORLDS, seed=st.integers(0, 999))
@OFTEN
def test_the_order_of_the_cells_changes_nothing(series, controls, find, lines, seed):
    """Cells come in whatever order the network delivers them."""
    cells = world(series, controls, lines)
    shuffled = random.Random(seed).sample(cells, len(cells))
    assert find(shuffled) == find(cells)


@given(lines=WORLDS, part=st.floats(0, 1))
@OFTEN
def test_later_data_never_moves_an_earlier_onset(series, controls, find, lines, part):
    """What is known of a span stays known: more data may only end, extend or join it."""
    cells = sorted(world(series, controls, lines), key=lambda cell: cell.start)
    before = find(cells[: int(len(cells) * part)])
    after = {span.onset for event in find(cells) for span in event.spans}
    assert {span.onset for event in before for span in event.spans} <= after


@given(lines=WORLDS)
@OFTEN
def test_events_are_well_formed(series, controls, find, lines):
    """Intervals run forward, counts fit, witnesses are measurements that failed, ids are unique."""
    cells = world(series, controls, lines)
    failed = {name for cell in cells for name in cell.witnesses}
    events = find(cells)
    assert len({event.id for event in events}) == len(events)
    for event in events:
        for interval in (event.onset, *(span.onset for span in event.spans), *([event.end] if event.end else [])):
            assert interval[0] is None or interval[0] <= interval[1]
        assert event.end is None or event.onset[1] <= event.end[0]
        assert event.counts["blocked"] >= 1
        assert set(event.witnesses) <= failed
        assert len(event.witnesses) <= DetectorSettings().witnesses
        assert event.spans
    for one, other in pairwise(sorted(events, key=lambda event: event.onset[1])):
        assert one.end is not None
        assert one.end[1] < other.onset[1]


@given(lines=WORLDS, cuts=st.lists(st.integers(1, 200), max_size=6))
@OFTEN
def test_batches_lead_to_the_same_record(series, controls, at, lines, cuts):
    """However often detection ran while the data grew, what is on record in the end is what one run would say."""
    cells = world(series, controls, lines)
    known = {}
    for cut in [*sorted(cuts), 10_000]:
        found = detect(cells, settings=DetectorSettings(), now=at(cut))
        for event in reconcile(tuple(known.values()), found, since=at(-1)):
            known[event.id] = event
        assert reconcile(tuple(known.values()), found, since=at(-1)) == ()
    standing = [event for event in known.values() if not event.retracted]
    told = {(event.onset, event.end, event.tier, event.networks) for event in standing}
    assert told == {(event.onset, event.end, event.tier, event.networks) for event in found}


@given(lines=WORLDS, factor=st.sampled_from([0.01, 0.5, 3.0]))
@OFTEN
def test_settings_keep_their_meaning_when_scaled(lines, factor):
    """Scaling changes durations and nothing else, and can be taken back."""
    scaled = DetectorSettings().scaled(factor)
    assert scaled.alarm == DetectorSettings().alarm
    assert abs(scaled.scaled(1 / factor).quiet - DetectorSettings().quiet) < timedelta(milliseconds=1)
